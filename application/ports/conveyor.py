"""What is due, across all merchants: the inbox and the scheduled actions as a conveyor belt.

These see ids, kinds and times of every merchant, never what a case holds. Leases run on the
database's own clock, so that a worker with a wrong one can neither keep nor steal a row.
"""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from application.ports.chores import ChoreRef
from application.ports.stores import ActionRef, EventRef
from domain.recovery.actions import ActionKind


class IncomingEvent(Struct, frozen=True, kw_only=True):
    """A verified webhook as it arrived. `account` is None for the installation's own account."""

    event_id: str
    account: str | None
    livemode: bool
    type: str
    raw: bytes


class EventIntake(Protocol):
    """Keeping what Stripe sent."""

    async def keep(self, event: IncomingEvent) -> None:
        """Return only when the event is committed; a second delivery changes nothing.

        Concurrent calls share one commit. An event for an account that no merchant has connected
        is kept as an orphan.
        """
        ...


class WaitingEvent(Struct, frozen=True, kw_only=True):
    """An inbox row to be handled."""

    ref: EventRef
    livemode: bool
    raw: bytes


class DueAction(Struct, frozen=True, kw_only=True):
    """A claimed action; `account` is whose Stripe limits it counts against."""

    ref: ActionRef
    kind: ActionKind
    account: str


class ScheduledAction(Struct, frozen=True, kw_only=True):
    """A scheduled action as a worker needs it."""

    ref: ActionRef
    case_id: UUID
    kind: ActionKind
    number: int
    due_at: datetime
    tries: int


class Inbox(Protocol):
    """Events that wait."""

    async def claim(self, limit: int, lease: timedelta) -> tuple[EventRef, ...]:
        """Up to `limit` waiting events, oldest first, leased; no two claimers get one row."""
        ...

    async def renew(self, refs: tuple[EventRef, ...], lease: timedelta) -> None:
        """Keep rows that are still being worked on."""
        ...

    async def read(self, ref: EventRef) -> WaitingEvent | None:
        """None if it was handled meanwhile."""
        ...

    async def failed(self, ref: EventRef, error: str, most_tries: int) -> bool:
        """Count a failure, try again later with back-off; True if it is dead now."""
        ...


class ActionQueue(Protocol):
    """Actions that are due."""

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[DueAction, ...]:
        """Up to `limit` actions due at `now`, leased; no two claimers get one row."""
        ...

    async def postpone(self, waits: tuple[tuple[ActionRef, timedelta], ...]) -> None:
        """Give rows back until their wait is over (shaping a burst)."""
        ...

    async def renew(self, refs: tuple[ActionRef, ...], lease: timedelta) -> None:
        """Keep rows that are still being worked on."""
        ...

    async def read(self, ref: ActionRef) -> ScheduledAction | None:
        """None if the action was done or replaced meanwhile."""
        ...

    async def failed(self, ref: ActionRef, error: str, most_tries: int) -> bool:
        """Count a failure, try again later with back-off; True if it is dead now."""
        ...


class JobQueue(Protocol):
    """The doorbell: tells some worker that rows wait. May lose, double or delay what it is told."""

    async def send_events(self, refs: tuple[EventRef, ...]) -> None:
        """One message for the whole batch."""
        ...

    async def send_actions(self, refs: tuple[ActionRef, ...]) -> None:
        """One message for the whole batch."""
        ...

    async def send_chores(self, refs: tuple[ChoreRef, ...]) -> None:
        """A message for each: they are long, and free workers take them one by one."""
        ...

    async def waiting(self) -> int:
        """How many batches no worker has taken up yet."""
        ...
