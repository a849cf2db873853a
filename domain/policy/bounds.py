"""Faults, and the checks that every part of a policy is held to."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from msgspec import Struct

from domain.policy.durations import written

LONGEST_NAME: Final = 60


class PolicyFault(Struct, frozen=True):
    """One thing wrong with a policy: the field to mark and the sentence to show."""

    field: str
    message: str


class PolicyInvalid(ValueError):
    """The policy breaks rules of its own; `.faults` holds all of them."""

    def __init__(self, faults: tuple[PolicyFault, ...]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults = faults


Faults = Iterator[PolicyFault]


def unless(holds: bool, field: str, message: str) -> Faults:
    """A fault of `field` if something does not hold."""
    if not holds:
        yield PolicyFault(field, message)


def between(field: str, value: int, least: int, most: int) -> Faults:
    """A fault unless `value` is from `least` to `most`, both allowed."""
    yield from unless(least <= value <= most, field, f"Choose a number from {least} to {most}.")


def lasting(field: str, value: timedelta, least: timedelta, most: timedelta) -> Faults:
    """A fault unless `value` is whole seconds, and from `least` to `most`, both allowed."""
    if value.microseconds:
        yield PolicyFault(field, "Durations are whole seconds.")
    words = f"Choose a duration from {written(least)} to {written(most)}."
    yield from unless(least <= value <= most, field, words)


def named(field: str, name: str) -> Faults:
    """A fault unless `name` can be shown in one line."""
    fits = 0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()
    words = f"Choose a name of one line, 1 to {LONGEST_NAME} characters, without spaces around it."
    yield from unless(fits, field, words)


def unique(fields: str, names: tuple[str, ...]) -> Faults:
    """A fault for each name in the list `fields` that stands there before."""
    for index, name in enumerate(names):
        if name in names[:index]:
            yield PolicyFault(f"{fields}[{index}].name", "This name is taken by one before.")


def at_most(fields: str, count: int, most: int) -> Faults:
    """A fault for a list that is too long."""
    yield from unless(count <= most, fields, f"At most {most}.")
