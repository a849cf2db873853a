"""What a carrier tells of texts."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct


class MalformedNews(Exception):
    """It is not what a carrier tells."""


class Answered(Struct, frozen=True, kw_only=True):
    """Somebody answered from their phone."""

    number: str  # E.164
    words: str
    is_answered: bool = False  # the carrier has answered them already


class Undelivered(Struct, frozen=True, kw_only=True):
    """A text of ours was taken and did not arrive."""

    number: str
    reason: str
    is_dead: bool = False  # no mobile has that number
    is_stopped: bool = False  # its owner has answered STOP


class Carrier(Protocol):
    """How one carrier signs and words its news."""

    def is_genuine(self, address: str, fields: Sequence[tuple[str, str]], signature: str) -> bool:
        """Whether it was the carrier who posted these fields to this address."""
        ...

    def answer(self, fields: Mapping[str, str]) -> Answered:
        """Raises MalformedNews."""
        ...

    def status(self, fields: Mapping[str, str]) -> Undelivered | None:
        """None for a text on its way, or there. Raises MalformedNews."""
        ...

    def reply(self, words: str | None) -> str:
        """What the carrier is to answer, in its own form."""
        ...
