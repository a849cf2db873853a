"""How a merchant hands over to people: the numbers, who hears of it, and by which ways."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from domain.tasks import HandOff


class SlackStanding(Struct, frozen=True, kw_only=True):
    """Whether tasks are posted to Slack. Its address is sealed and not here."""

    since: datetime | None = None
    gone_at: datetime | None = None  # Slack said that the webhook is no more


class HandOffStanding(Struct, frozen=True, kw_only=True):
    """All of it, as one merchant has it; what was never changed is what a merchant begins with."""

    rules: HandOff
    timezone: str
    slack: SlackStanding = SlackStanding()
    hearers: tuple[UUID, ...] = ()  # who chose to be mailed of every task


class HandOffStore(Protocol):
    """That of one merchant, inside one unit of work."""

    async def read(self) -> HandOffStanding:
        """As it stands."""
        ...

    async def keep(self, rules: HandOff, at: datetime) -> None:
        """Other numbers from now on; tasks that are open keep their dates."""
        ...

    async def hear(self, user_id: UUID, *, hears: bool) -> bool:
        """Whether a member is mailed of every task; False for a stranger."""
        ...

    async def slack(self, path: str | None, at: datetime) -> None:
        """Post there from now on, or (None) nowhere. Raises CannotSeal."""
        ...

    async def slack_gone(self, at: datetime) -> None:
        """Slack says that the webhook is no more: it is forgotten, and that it was is kept."""
        ...


class Member(Struct, frozen=True, kw_only=True):
    """A person of the team."""

    user_id: UUID
    email: str
    hears: bool = False


class Teams(Protocol):
    """Whose people are whose; read for pages and mails."""

    async def of(self, merchant_id: UUID) -> tuple[Member, ...]:
        """First joined first, at most 200."""
        ...


class SlackDoors(Protocol):
    """Where each merchant's tasks are posted: opened in the moment of a post."""

    async def path(self, merchant_id: UUID) -> str | None:
        """None if nowhere. Raises CannotOpen, Unavailable."""
        ...
