"""Sealing what is secret before it is stored, so that a copy of the database opens nothing."""

from typing import Protocol
from uuid import UUID

from msgspec import Struct

from application.errors import Unavailable


class Place(Struct, frozen=True):
    """Where a secret is stored; what was sealed for one place opens in no other."""

    merchant_id: UUID
    column: str
    row: str = ""  # which of the merchant's rows


class CannotSeal(Unavailable):
    """The installation has no key to seal with."""


class CannotOpen(Unavailable):
    """Not sealed for this place, damaged, or by a key that the installation has not got."""


class Sealing(Protocol):
    """Authenticated encryption under the installation's keys: the first seals, all open."""

    def seal(self, place: Place, value: str) -> bytes:
        """Raises CannotSeal."""
        ...

    def open(self, place: Place, sealed: bytes) -> str:
        """Raises CannotOpen; its text has neither the value nor a key."""
        ...

    def is_current(self, sealed: bytes) -> bool:
        """Whether the first key sealed it."""
        ...
