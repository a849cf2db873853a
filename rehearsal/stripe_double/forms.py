"""Form bodies with nested brackets, as Stripe's clients send them, into plain dicts and lists."""

import re
from collections.abc import Iterable
from typing import Any, Final

from rehearsal.stripe_double.errors import invalid

MAX_FIELDS: Final = 2_000
MAX_DEPTH: Final = 8
_KEY: Final = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")

Params = dict[str, Any]


def nest(pairs: Iterable[tuple[str, str]]) -> Params:
    """`a[b][0]=x`, `a[]=x` and `a=x` into nested dicts and lists; raises StripeError (400)."""
    root: Params = {}
    for count, (key, value) in enumerate(pairs, start=1):
        if count > MAX_FIELDS:
            raise invalid("Too many parameters.")
        _put(root, _path(key), value)
    return {key: _lists(value) for key, value in root.items()}


def _path(key: str) -> list[str]:
    match = _KEY.match(key)
    path = [match[1], *_PART.findall(match[2])] if match else []
    if not path or len(path) > MAX_DEPTH:
        raise invalid(f"Invalid parameter name: {key[:100]}", param=key[:100])
    return path


def _put(root: Params, path: list[str], value: str) -> None:
    node = root
    for part in path[:-1]:
        child = node.setdefault(part or str(len(node)), {})
        if not isinstance(child, dict):
            raise invalid(f"Invalid object: {path[0]}", param=path[0])
        node = child
    last = path[-1] or str(len(node))
    node[last] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(item) for key, item in value.items()}


def text(params: Params, name: str, default: str | None = None) -> str | None:
    """A string parameter; empty counts as absent."""
    value = params.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(f"Invalid string: {name}", param=name)
    return value or default


def needed(params: Params, name: str) -> str:
    """A string parameter that must be there."""
    value = text(params, name)
    if value is None:
        raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return value


def integer(params: Params, name: str, default: int | None = None) -> int | None:
    """A whole number; empty counts as absent."""
    value = text(params, name)
    if value is None:
        return default
    if not re.fullmatch(r"-?\d{1,15}", value):
        raise invalid(
            f"Invalid integer: {value[:50]}", code="parameter_invalid_integer", param=name
        )
    return int(value)


def flag(params: Params, name: str) -> bool | None:
    """`true` or `false`; None when absent."""
    value = text(params, name)
    if value not in {None, "true", "false"}:
        raise invalid(f"Invalid boolean: {value}", param=name)
    return None if value is None else value == "true"


def mapping(params: Params, name: str) -> Params:
    """A nested object; absent or cleared counts as empty."""
    value = params.get(name) or {}
    if not isinstance(value, dict):
        raise invalid("Invalid object", param=name)
    return value


def many(params: Params, name: str) -> list[Any]:
    """A list; a single value counts as a list of one."""
    value = params.get(name)
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def merge_metadata(old: dict[str, str], params: Params) -> dict[str, str]:
    """Stripe's metadata law: given keys are set, empty values delete, '' for all clears all."""
    given = params.get("metadata")
    if given is None:
        return old
    if given == "":
        return {}
    merged = {**old, **mapping(params, "metadata")}
    return {key: value for key, value in merged.items() if value != ""}
