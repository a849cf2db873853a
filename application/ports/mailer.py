"""Handing a letter to a mail server."""

from enum import Enum, StrEnum
from typing import Protocol
from uuid import UUID

from msgspec import Struct


class Stream(StrEnum):
    """Letters that share a fate: what is said against one of a stream must not hold the other."""

    REMINDERS = "reminders"  # asked for by nobody: reminders and notices
    ANSWERS = "answers"  # awaited: thanks for a payment, a fresh link


class Picture(Struct, frozen=True, kw_only=True):
    """A PNG that goes with a letter, so that nothing is fetched to show it."""

    cid: str  # without angle brackets; the letter names it as "cid:…"
    png: bytes


class Letter(Struct, frozen=True, kw_only=True):
    """One message to one person, rendered."""

    message_id: str  # without angle brackets; also the proof that it was sent once
    thread_id: str  # the same for all letters of a case: readers keep them together
    to: str
    to_name: str | None
    sender_name: str
    reply_to: str | None
    subject: str
    text: str
    html: str
    picture: Picture | None = None
    unsubscribe: str | None = None  # where one click stops such letters; thanks have none
    stream: Stream = Stream.REMINDERS
    merchant_id: UUID | None = None  # in whose name


class MailRefused(Exception):
    """The mail server said no for good: no such address (`is_dead`), or not this sender."""

    def __init__(self, why: str, *, is_dead: bool = False) -> None:
        super().__init__(why)
        self.is_dead = is_dead


class MailDeferred(Exception):
    """Certainly not sent: no connection, or "later"."""


class Handed(Enum):
    """What the server said of a letter whose text it was given."""

    TAKEN = "taken"
    UNANSWERED = "unanswered"  # nothing: it may have gone, and is never handed over again


class Mailer(Protocol):
    """One verb."""

    async def send(self, letter: Letter) -> Handed:
        """Returns when the server took it, or may have. Raises MailRefused or MailDeferred."""
        ...
