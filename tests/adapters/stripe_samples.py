"""Holds fixtures that say only what we read against Stripe's own descriptions of the whole.

What a fixture leaves out is filled in with the least that the description asks for.
"""

from typing import Any

from tests.rehearsal.openapi import check_object, description, knows_event

DEEPEST = 12
EXAMPLES: dict[str, Any] = {
    "string": "x", "integer": 1, "number": 1, "boolean": False, "array": [],
}  # fmt: skip


def held_against_the_specification(kind: str, fixture: dict[str, Any], *, old: bool) -> None:
    """A type that Stripe sends, and an object that it could send. Raises NotAsDescribed.

    Passes where the descriptions are not at hand, and where they leave this object out.
    """
    if not old:
        assert knows_event(kind), kind
    schema = description(fixture["object"], old=old)
    if schema is None or fixture.get("deleted"):
        return
    sample = _sample(schema, old, DEEPEST)
    known = schema["properties"]
    whole = {name: _over(sample.get(name), fixture[name]) for name in fixture}
    assert set(fixture) <= set(known), set(fixture) - set(known)
    check_object({"id": "in_to_come", **sample, **whole}, old=old)


def _over(sample: Any, said: Any) -> Any:
    if isinstance(sample, dict) and isinstance(said, dict):
        return {**sample, **{name: _over(sample.get(name), each) for name, each in said.items()}}
    return said


def _sample(schema: dict[str, Any], old: bool, depth: int) -> Any:
    """The least that a description is content with."""
    if schema.get("nullable"):
        return None
    if "$ref" in schema:
        found = description(schema["$ref"].rpartition("/")[2], old=old)
        assert found is not None, schema
        return _sample(found, old, depth - 1)
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0], old, depth)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") != "object":
        return EXAMPLES[schema.get("type", "string")]
    assert depth, "it never ends"
    wanted = schema.get("required", ())
    return {name: _sample(schema["properties"][name], old, depth - 1) for name in wanted}
