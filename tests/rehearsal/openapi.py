"""Holds an answer or an event against Stripe's own description of it, unknown fields included.

The two specifications lie beside the repository when it is checked out where they are kept; where
they are not, the checks say so loudly and let everything pass.
"""

import json
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SPECS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "stripe-openapi"
NEW = "spec3-endive.trim.json"
OLD = "spec3-2023-09.trim.json"


# The old description leaves out what every answer of that time carried (fields of the old plans).
UNDESCRIBED = {"subscription": ("plan", "quantity"), "subscription_item": ("plan",)}
# The trimmed specification leaves these out; stripe-python lists them.
UNLISTED = frozenset({"refund.created", "refund.updated", "refund.failed"})


class NotAsDescribed(AssertionError):
    """The object is not what the specification says it is."""


def check_answer(method: str, path: str, answer: dict[str, Any], *, old: bool) -> None:
    """The answer of an endpoint against the schema of its 200."""
    spec = _spec(old)
    if spec is None:
        return
    described = _operation(spec, method, path.partition("?")[0])
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    _check(json.dumps(schema), answer, old, f"{method} {path}")


def check_request(method: str, path: str, params: dict[str, Any]) -> str:
    """What a client sends, as nested strings: a call that exists, with parameters that it knows.

    Answers the call's name in the specification, such as "Invoice.pay". Raises NotAsDescribed.
    """
    spec = _spec(old=False)
    if spec is None:
        return f"{method} {path}"
    described = _operation(spec, method, path.partition("?")[0])
    schema = _parameters(described)
    _check(json.dumps(schema), _typed(params, schema), False, f"{method} {path}")
    return str(described["operationId"])


def _parameters(described: dict[str, Any]) -> dict[str, Any]:
    """One schema for what may come in the query and in the form."""
    asked = [each for each in described["parameters"] if each["in"] == "query"]
    form = described.get("requestBody", {}).get("content", {})
    body = form.get("application/x-www-form-urlencoded", {}).get("schema", {})
    return {
        "type": "object",
        "properties": {
            **{each["name"]: each["schema"] for each in asked},
            **body.get("properties", {}),
        },
        "required": [
            *(each["name"] for each in asked if each.get("required")),
            *body.get("required", ()),
        ],
        "additionalProperties": False,
    }


def _typed(value: Any, schema: dict[str, Any]) -> Any:
    """A form knows only texts: a number or a truth is one where the schema wants one."""
    for choice in schema.get("anyOf", [schema]):
        kind = choice.get("type")
        if isinstance(value, dict) and kind == "object":
            known = choice.get("properties", {})
            other = choice.get("additionalProperties")
            spare = other if isinstance(other, dict) else {}
            return {name: _typed(each, known.get(name, spare)) for name, each in value.items()}
        if isinstance(value, list) and kind == "array":
            return [_typed(each, choice["items"]) for each in value]
        if isinstance(value, str) and kind == "boolean" and value in ("true", "false"):
            return value == "true"
        if isinstance(value, str) and kind == "integer" and re.fullmatch(r"-?\d+", value):
            return int(value)
        if isinstance(value, str) and kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", value):
            return float(value)
    return value


def check_object(document: dict[str, Any], *, old: bool) -> None:
    """A document against the schema named by its `object`."""
    if _spec(old) is not None:
        _check(_ref(document["object"]), document, old, document.get("id", "a preview"))


def check_error(answer: dict[str, Any], *, old: bool) -> None:
    """An error answer; clients know more fields than the description lists."""
    if _spec(old) is not None:
        _check(_ref("error"), answer, old, "an error", closed=False)


def check_event(event: dict[str, Any], *, old: bool) -> None:
    """An event and the object in it."""
    check_object(event, old=old)
    check_object(event["data"]["object"], old=old)


def knows_event(kind: str) -> bool:
    """Whether today's specification lists the event type."""
    spec = _spec(old=False)
    return spec is None or kind in spec["x-eventTypes"] or kind in UNLISTED


def description(name: str, *, old: bool) -> dict[str, Any] | None:
    """The schema of a kind of object; None where it is not described, or nothing is at hand."""
    spec = _spec(old)
    found: dict[str, Any] | None = spec["components"]["schemas"].get(name) if spec else None
    return found


def _ref(name: str) -> str:
    return json.dumps({"$ref": f"#/components/schemas/{name}"})


@cache
def _spec(old: bool) -> dict[str, Any] | None:
    path = SPECS / (OLD if old else NEW)
    if not path.exists():
        warnings.warn(
            f"{path.name} is not beside the repository: NOTHING was held against Stripe's schemas",
            stacklevel=3,
        )
        return None
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def _operation(spec: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    for template, methods in spec["paths"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if re.fullmatch(pattern, path) and method.lower() in methods:
            found: dict[str, Any] = methods[method.lower()]
            return found
    raise NotAsDescribed(f"the specification has no {method} {path}")


def _check(schema: str, document: Any, old: bool, what: str, *, closed: bool = True) -> None:
    errors = list(_validator(schema, old, closed).iter_errors(document))
    if errors:
        raise NotAsDescribed(f"{what}: " + "; ".join(_say(error) for error in errors[:5]))


def _say(error: Any) -> str:
    deepest = error
    while deepest.context:
        deepest = max(deepest.context, key=lambda inner: len(inner.absolute_path))
    return f"{deepest.json_path}: {deepest.message[:300]}"


@cache
def _validator(schema: str, old: bool, closed: bool) -> Draft202012Validator:
    root = _plain(json.loads(schema), closed)
    return Draft202012Validator({**root, "components": _components(old, closed)})


@cache
def _components(old: bool, closed: bool) -> dict[str, Any]:
    spec = _spec(old)
    assert spec is not None
    described = spec["components"]["schemas"]
    for name, fields in UNDESCRIBED.items() if old else ():
        for field in fields:
            described[name]["properties"].setdefault(field, {})
    return {"schemas": {name: _plain(each, closed) for name, each in described.items()}}


def _plain(node: Any, closed: bool) -> Any:
    """OpenAPI 3.0 into JSON Schema: nullable becomes a union, described objects are closed."""
    if isinstance(node, list):
        return [_plain(item, closed) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: {name: _plain(each, closed) for name, each in value.items()}
        if key == "properties"
        else _plain(value, closed)
        for key, value in node.items()
        if key != "nullable" and not key.startswith("x-")
    }
    if closed and node.get("properties") and "additionalProperties" not in node:
        kept["additionalProperties"] = False
    return {"anyOf": [kept, {"type": "null"}]} if node.get("nullable") is True else kept
