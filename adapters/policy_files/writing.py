"""A policy written as TOML: fields in the order of their shapes, what is as usual left out."""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

import tomli_w
from msgspec import Struct, structs

from domain.policy import Policy
from domain.policy.durations import written

HEADER: Final = """\
# A policy of ChargeChase. Durations are whole: "3 d", "20 h", "90 min", "45 s".
# Check it with `chargechase policy check FILE`.

"""
# Written even where they are as usual, for a reader looks for them.
ALWAYS: Final = frozenset(
    """
    end hold_out_percent expiry_notice use_backup most_texts first_text_hour last_text_hour after
    """.split()
)


def to_toml(policy: Policy) -> str:
    """`policy` as a file; the same policy always gives the same text."""
    return HEADER + tomli_w.dumps(_table(policy), indent=2)


def _table(shape: Struct) -> dict[str, Any]:
    kind = shape.__struct_config__
    table: dict[str, Any] = {kind.tag_field: kind.tag} if kind.tag_field else {}
    for field in structs.fields(shape):
        value = getattr(shape, field.name)
        usual = field.default_factory() if callable(field.default_factory) else field.default
        if field.name in ALWAYS or value != usual:
            table[field.name] = _plain(value)
    return table


def _plain(value: Any) -> Any:
    match value:
        case Struct():
            return _table(value)
        case timedelta():
            return written(value)
        case StrEnum():
            return value.value
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case tuple():
            return [_plain(one) for one in value]
        case _:
            return value
