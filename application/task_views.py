"""What the pages of tasks and of people at risk read."""

from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from application.ports.suppressions import Suppression
from application.ports.tasks import Task
from domain.money import Money

MOST_COUNTED: Final = 1_000  # more are said to be more


class TaskFilter(StrEnum):
    """What the list can be narrowed to. The names travel in addresses."""

    ALL = "all"
    MINE = "mine"
    NOBODYS = "nobodys"
    DONE = "done"


class TaskRow(Struct, frozen=True, kw_only=True):
    """A task with whose invoice it is about."""

    task: Task
    customer_name: str | None = None
    customer_email: str | None = None
    invoice: str | None = None  # its number, else Stripe's id


class TaskPage(Struct, frozen=True, kw_only=True):
    """One page of the list; `after` asks for the following one, None at the end."""

    rows: tuple[TaskRow, ...]
    after: str | None


class TaskCounts(Struct, frozen=True, kw_only=True):
    """How many are open, none counted beyond MOST_COUNTED."""

    all: int = 0
    mine: int = 0
    nobodys: int = 0
    overdue: int = 0


class RiskRow(Struct, frozen=True, kw_only=True):
    """A customer whom no letter reaches, and who owes."""

    address_hash: bytes
    reason: Suppression
    since: datetime
    customer_name: str | None
    customer_email: str | None
    owed: tuple[Money, ...]
    case_id: UUID  # the oldest of theirs that is open
    cases: int


class RiskPage(Struct, frozen=True, kw_only=True):
    """One page of them, the latest first."""

    rows: tuple[RiskRow, ...]
    after: str | None


class HandOffPages(Protocol):
    """The read side of one merchant."""

    async def tasks(
        self, merchant_id: UUID, wish: TaskFilter, user_id: UUID, after: str | None, limit: int
    ) -> TaskPage:
        """Open ones, the soonest due first; done ones, the latest first. An unreadable `after` is
        the first page."""
        ...

    async def counts(self, merchant_id: UUID, user_id: UUID, now: datetime) -> TaskCounts:
        """Of the open ones."""
        ...

    async def these(self, merchant_id: UUID, task_ids: tuple[UUID, ...]) -> tuple[TaskRow, ...]:
        """Those of them that are open, the soonest due first."""
        ...

    async def overdue(
        self, merchant_id: UUID, whose: tuple[UUID | None, ...] | None, before: datetime, limit: int
    ) -> tuple[TaskRow, ...]:
        """Open ones that were due before then; `whose` may hold None, for nobody's, and is None
        for everybody's."""
        ...

    async def at_risk(self, merchant_id: UUID, after: str | None, limit: int) -> RiskPage:
        """Whoever owes and is reached by no letter; what is only watched is not chased, and not
        here."""
        ...
