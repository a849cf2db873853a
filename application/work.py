"""A worker's errand: one row of the conveyor, done or counted as failed; never forgotten."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from application.errors import NetworkLimitReached, Unavailable
from application.ports.conveyor import ActionQueue, Inbox, ScheduledAction
from application.ports.stores import ActionRef, EventRef
from domain.recovery.actions import ActionKind

MOST_TRIES = 5
# Stripe or Postgres being away is nobody's fault: such a row never dies, it waits. So it does while
# the card is at its network's limit with another case's charge on its way, which is soon known.
FOR_EVER = 1_000_000
MOST_ERROR_CHARACTERS = 500


Errand = Callable[[ScheduledAction], Awaitable[None]]


class NothingHappened(Exception):
    """An action ran, and the case has the same next action still: a bug that must be seen."""


class TooEarly(Unavailable):
    """This worker's clock is behind that of whoever found the action due. The row waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOut:
    """Carry out one scheduled action by the use-case of its kind."""

    actions: ActionQueue
    by_kind: Mapping[ActionKind, Errand]
    clock: Callable[[], datetime]

    async def __call__(self, ref: ActionRef) -> None:
        action = await self.actions.read(ref)
        if action is None:
            return
        if action.due_at > self.clock():
            raise TooEarly(f"due at {action.due_at.isoformat()}")
        await self.by_kind[action.kind](action)
        if await self.actions.read(ref) is not None:
            raise NothingHappened(action.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """The row remembers what went wrong, and when to try again; after too often it is dead."""

    inbox: Inbox
    actions: ActionQueue
    count: Callable[[str, bool], None]  # "events" or "actions", dead now?

    async def of_event(self, ref: EventRef, error: Exception) -> None:
        dead = await self.inbox.failed(ref, describe(error), tries_for(error))
        self.count("events", dead)

    async def of_action(self, ref: ActionRef, error: Exception) -> None:
        dead = await self.actions.failed(ref, describe(error), tries_for(error))
        self.count("actions", dead)


def tries_for(error: Exception) -> int:
    """How often a row may fail; without limit where the row is not to blame."""
    return (
        FOR_EVER if isinstance(error, (Unavailable, OSError, NetworkLimitReached)) else MOST_TRIES
    )


def describe(error: Exception) -> str:
    """The error as a row keeps it: its kind and its own words, cut short."""
    return f"{type(error).__name__}: {error}"[:MOST_ERROR_CHARACTERS]
