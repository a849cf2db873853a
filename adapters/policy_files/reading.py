"""A policy read from TOML: all that is wrong is told at once, by the path in the file."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from adapters.policy_files.shapes import Reader
from domain.network import MONTHLY_LIMIT
from domain.policy import Policy, PolicyFault, PolicyInvalid, balanced

MOST_CHARACTERS: Final = 500_000
# What stands in for a field that could not be read, so that the others can be checked; such a
# policy is never given out. A file without a version is a first one.
STAND_IN: Final = replace(
    balanced("UTC"),
    window=timedelta(days=60),
    first_mail_hour=0,
    last_mail_hour=24,
    first_text_hour=8,
    last_text_hour=21,
    card_month_limit=max(MONTHLY_LIMIT.values()),
)
USUAL: Final = {"version": 1}


def from_toml(text: str) -> Policy:
    """The policy that `text` holds. Raises PolicyInvalid with every fault that can be found.

    Unknown fields, missing fields and values of the wrong kind are faults as well as what the
    policy itself refuses.
    """
    tables = _parsed(text)
    reader = Reader()
    found: dict[str, Any] = reader.fields(Policy, {**USUAL, **tables}, "", STAND_IN)
    try:
        policy = Policy(**found)
    except PolicyInvalid as invalid:
        raise PolicyInvalid(_together(reader.faults, invalid.faults)) from None
    if reader.faults:
        raise PolicyInvalid(tuple(reader.faults))
    return policy


def _parsed(text: str) -> Mapping[str, Any]:
    if len(text) > MOST_CHARACTERS:
        raise PolicyInvalid((PolicyFault("file", f"At most {MOST_CHARACTERS} characters."),))
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: TOML's own, and endless numbers
        raise PolicyInvalid((PolicyFault("file", f"This is not TOML: {error}."),)) from None


def _together(shapes: list[PolicyFault], rules: tuple[PolicyFault, ...]) -> tuple[PolicyFault, ...]:
    """All faults; a rule broken by what only stands in for a field is none."""
    unread = [fault.field for fault in shapes]
    honest = (fault for fault in rules if not any(_within(fault.field, field) for field in unread))
    return (*shapes, *honest)


def _within(one: str, other: str) -> bool:
    """Whether one of two fields lies in the other, or is it."""
    inner, outer = (one, other) if len(one) >= len(other) else (other, one)
    return inner.startswith(outer) and inner[len(outer) : len(outer) + 1] in ("", ".", "[")
