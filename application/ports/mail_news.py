"""What a mail service says became of a letter, after it had taken it."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from msgspec import Struct


class Fate(StrEnum):
    """What became of it."""

    DEAD = "dead"  # the address does not exist
    LATER = "later"  # not now: a full mailbox, a server that is away; the service goes on trying
    COMPLAINED = "complained"  # its receiver called it spam
    ANSWERED = "answered"  # its receiver wrote back


class MailNews(Struct, frozen=True, kw_only=True):
    """One word of a mail service. Its own id for it is the same however often it is told."""

    source: str  # "postmark", "ses"
    event_id: str
    message_id: str  # ours
    fate: Fate
    others: tuple[str, ...] = ()  # what else it may be about, the likeliest first


class LetterOf(Struct, frozen=True, kw_only=True):
    """Whose letter it was, what about, and where it went."""

    merchant_id: UUID
    subject: str  # "case:<id>", "notice:<id>"
    address_hash: bytes | None


class NotGenuine(Exception):
    """It does not come from whom it says."""


class MalformedNews(Exception):
    """Not what a mail service says."""


class MailNewsStore(Protocol):
    """Of one merchant, inside one unit of work."""

    async def add(self, news: MailNews, at: datetime) -> bool:
        """False if it was told before."""
        ...
