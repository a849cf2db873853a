"""Customers who ask for a fresh link because theirs has expired."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

OLDEST: Final = timedelta(days=365)  # a link that expired earlier is as one that never was
GOOD_FOR: Final = timedelta(hours=6)  # who asked has found another way by then


class RequestState(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    BEGUN = "begun"  # handed over, or about to be: it does not go a second time
    SENT = "sent"
    REFUSED = "refused"  # nothing is owed, nobody may write there, or no server takes it


class LinkRequest(Struct, frozen=True, kw_only=True):
    """One request. A case has one a day (UTC), however often somebody asks."""

    case_id: UUID
    account: str
    asked_at: datetime

    @property
    def asked_on(self) -> date:
        """The day that it is the only one of."""
        return self.asked_at.date()


class LinkRequestStore(Protocol):
    """Those of one merchant, inside one unit of work."""

    async def ask(self, request: LinkRequest) -> bool:
        """Keep it; False if the case has had its request of that day."""
        ...

    async def waiting(self, account: str) -> LinkRequest | None:
        """The one of an account that has waited longest."""
        ...

    async def move(self, request: LinkRequest, to: RequestState) -> bool:
        """On to another state; False if it is there already."""
        ...
