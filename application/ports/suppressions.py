"""Addresses that a merchant's letters do not go to, and why."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Protocol


class Suppression(StrEnum):
    """Why nobody writes there."""

    BOUNCED = "bounced"  # its mail server says that it does not exist
    UNSUBSCRIBED = "unsubscribed"  # its owner said so
    COMPLAINED = "complained"  # its owner called a letter spam

    @property
    def weight(self) -> int:
        """A person's word outweighs a server's, and the strongest word is not taken back."""
        return tuple(Suppression).index(self)


def hash_of(address: str) -> bytes:
    """What is kept of an address. Mail servers do not tell upper from lower case."""
    return sha256(address.strip().casefold().encode()).digest()


class SuppressionStore(Protocol):
    """Those of one merchant, inside one unit of work."""

    async def add(self, address_hash: bytes, reason: Suppression, at: datetime) -> bool:
        """From now on nobody writes there; False if nobody does already, for a reason that weighs
        as much."""
        ...

    async def lift(self, address_hash: bytes, reason: Suppression, at: datetime) -> bool:
        """Letters may go there again, if this is why they do not; False otherwise."""
        ...

    async def reason(self, address_hash: bytes) -> Suppression | None:
        """Why nobody writes there; None if letters may go."""
        ...
