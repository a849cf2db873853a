"""News for a merchant's team: rows that wait to be told, and the ways in which they are."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

MOST_TRIES: Final = 8
MOST_TOLD: Final = 20  # tasks in one message; of the others it says how many


class Channel(StrEnum):
    """How. The names are stored."""

    MAIL = "mail"
    SLACK = "slack"


class Occasion(StrEnum):
    """Why. The names are stored."""

    NEW = "new"
    ASSIGNED = "assigned"
    OVERDUE = "overdue"  # each morning


class Notice(Struct, frozen=True, kw_only=True):
    """Something that somebody is to hear. Its id follows from what, who and how: put twice, it is
    one. Without a task it is a morning's digest."""

    notice_id: UUID
    occasion: Occasion
    channel: Channel
    user_id: UUID | None = None  # of a mail
    task_id: UUID | None = None
    put_at: datetime
    tries: int = 0


class NewsStore(Protocol):
    """Notices of one merchant, inside one unit of work."""

    async def put(self, notice: Notice) -> None:
        """To be told; nothing if it was put before."""
        ...

    async def take(self, now: datetime, limit: int) -> tuple[Notice, ...]:
        """Those that wait, oldest first; each try is counted before it is made, and the next one
        is later each time."""
        ...

    async def told(self, notice_ids: Sequence[UUID], at: datetime) -> None:
        """They went, or need not any more."""
        ...

    async def failed(self, notice_ids: Sequence[UUID], why: str, at: datetime) -> None:
        """Given up, for good."""
        ...

    async def next_at(self) -> datetime | None:
        """When the first of those that wait may go; None if none does."""
        ...


class NewsLine(Struct, frozen=True, kw_only=True):
    """One task, in words. Merchants' and customers' text in it is plain text."""

    text: str
    due: str
    link: str


class News(Struct, frozen=True, kw_only=True):
    """One message: what it says, task by task, and where all of them are."""

    title: str
    lines: tuple[NewsLine, ...]
    more: str  # that there are others; empty if all are told of
    link: str
    button: str
    footer: str


class NewsLetter(Struct, frozen=True, kw_only=True):
    """The same as a mail."""

    subject: str
    text: str
    html: str


class NewsRenderer(Protocol):
    """From news to a mail."""

    def mail(self, news: News) -> NewsLetter:
        """Every value escaped, no header can be injected."""
        ...


class SlackGone(Exception):
    """Slack says that this webhook is no more: the channel or the app was removed."""


class SlackRefused(Exception):
    """Slack did not take the message, and would not take it again."""


class SlackDeferred(Exception):
    """Slack does not answer, or says "later"; whether the message went may not be known."""


class Slack(Protocol):
    """Posting to a channel by its incoming webhook."""

    def path_of(self, url: str) -> str | None:
        """What is secret of a webhook's address; None if it is no address of Slack's."""
        ...

    async def post(self, path: str, news: News) -> None:
        """Returns when Slack took it. Raises SlackGone, SlackRefused, SlackDeferred."""
        ...
