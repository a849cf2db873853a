"""Chores: what is done for a whole Stripe account again and again, or once, one step at a time.

A row for each account and kind. A step saves where it got to in the transaction of its effects, or
after effects that may happen twice; so whoever is killed loses nothing, and who goes on repeats at
most one step. Leases run on the database's own clock.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from msgspec import Struct


class ChoreKind(StrEnum):
    """What there is to do for an account."""

    RECONCILE = "reconcile"  # hourly: events that never came are fetched
    SWEEP = "sweep"  # daily: open invoices and open cases are compared
    IMPORT = "import"  # once: the past before we came
    TAKE_UP = "take_up"  # once, when the merchant says so: cases for what the import offered
    LEAVE = "leave"  # once: hand back to Stripe, and stop
    PREFLIGHT = "preflight"
    FRESH_LINKS = "fresh_links"  # when a customer whose link has expired asks for another
    EXPIRY = "expiry"  # daily: whose card will have expired at the next renewal
    TELL = "tell"  # each morning, and when there is news: the merchant's team hears of tasks


# Every connected account has them.
PERIODIC = (ChoreKind.RECONCILE, ChoreKind.SWEEP, ChoreKind.EXPIRY, ChoreKind.TELL)


class ChoreRef(Struct, frozen=True, array_like=True):
    """One chore: whose, of which account, what."""

    merchant_id: UUID
    account: str
    kind: ChoreKind


class Progress(Struct, frozen=True, kw_only=True):
    """How far a run is: things looked at, about how many there are, and what was found."""

    done: int = 0
    of_about: int | None = None
    found: int = 0


class Chore(Struct, frozen=True, kw_only=True):
    """A chore as it stands. `turn` counts its steps; `cursor` is what its errand wrote down.

    `put_at` is when it was asked for: nothing older than that is new to this account.
    """

    ref: ChoreRef
    due_at: datetime
    put_at: datetime
    turn: int = 0
    running: bool = False  # in the middle of a run
    tries: int = 0  # failures in a row
    error: str | None = None  # of the last failure; None after a step that went well
    cursor: bytes | None = None
    progress: Progress = Progress()
    found_ever: int = 0  # over all runs
    began_at: datetime | None = None  # this run, or the last one
    last_ok_at: datetime | None = None  # when a run ended
    finished_at: datetime | None = None  # it will not run again


class ChoreStep(Struct, frozen=True, kw_only=True):
    """What one step leaves behind. The run goes on at once unless it is `over`; then the next one
    begins at `next_at`, and with None there is none."""

    at: datetime
    cursor: bytes | None
    progress: Progress
    over: bool = False
    next_at: datetime | None = None


class ChoreStore(Protocol):
    """The chores of one merchant, inside one unit of work."""

    async def put(self, account: str, kind: ChoreKind, due_at: datetime) -> None:
        """Ask for a chore; one that waits anyway is due at the earlier instant, one that had
        finished begins anew."""
        ...

    async def save(self, chore: Chore, step: ChoreStep) -> Chore:
        """Keep what a step did. Raises ConcurrentWrite if another has made a step since `chore`
        was read."""
        ...

    async def of_account(self, account: str) -> tuple[Chore, ...]:
        """All of one account, by kind."""
        ...

    async def stop(self, account: str, at: datetime) -> None:
        """None of the account's chores runs again, but for leaving it."""
        ...


class ChoreQueue(Protocol):
    """Chores that are due, across all merchants: never two of one account at a time."""

    async def provide(self, now: datetime) -> int:
        """Ask for the periodic chores of each connected account that has none; how many rows."""
        ...

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[ChoreRef, ...]:
        """Up to `limit` chores due at `now`, leased; no two claimers get one row."""
        ...

    async def renew(self, refs: tuple[ChoreRef, ...], lease: timedelta) -> None:
        """Keep rows that are still being worked on; one that was released stays free."""
        ...

    async def release(self, ref: ChoreRef, rest: timedelta) -> None:
        """Nobody works on it now, and nobody is to for a while of real time: in a rehearsal an hour
        may last a moment."""
        ...

    async def read(self, ref: ChoreRef) -> Chore | None:
        """None if there is no such chore, or it has finished."""
        ...

    async def failed(self, ref: ChoreRef, error: str) -> None:
        """Count a failure and try again later, longer each time; a chore never dies."""
        ...
