"""A worker's errand: one row of the conveyor, done or counted as failed; never forgotten."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from application.errors import Unavailable
from application.ports.conveyor import ActionQueue, Inbox, ScheduledAction
from application.ports.stores import ActionRef, EventRef
from domain.recovery.actions import ActionKind

MOST_TRIES = 5
# Stripe or Postgres being away is nobody's fault: such a row never dies, it waits.
FOR_EVER = 1_000_000
MOST_ERROR_CHARACTERS = 500

Report = Callable[[str, Exception, bool], None]  # kind of row, what went wrong, dead now?


class NothingHappened(Exception):
    """An action ran, and the case has the same next action still: a bug that must be seen."""


def is_transient(error: Exception) -> bool:
    """True if trying again later is right and the row is not to blame."""
    return isinstance(error, (Unavailable, OSError, TimeoutError))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkEvent:
    """Handle one inbox row."""

    inbox: Inbox
    process: Callable[[EventRef], Awaitable[None]]
    report: Report

    async def __call__(self, ref: EventRef) -> None:
        try:
            await self.process(ref)
        except Exception as error:
            tries = FOR_EVER if is_transient(error) else MOST_TRIES
            dead = await self.inbox.failed(ref, describe(error), tries)
            self.report("event", error, dead)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAction:
    """Carry out one scheduled action by the use-case of its kind."""

    actions: ActionQueue
    by_kind: Mapping[ActionKind, Callable[[ScheduledAction], Awaitable[None]]]
    report: Report

    async def __call__(self, ref: ActionRef) -> None:
        try:
            await self._carry_out(ref)
        except Exception as error:
            tries = FOR_EVER if is_transient(error) else MOST_TRIES
            dead = await self.actions.failed(ref, describe(error), tries)
            self.report("action", error, dead)

    async def _carry_out(self, ref: ActionRef) -> None:
        action = await self.actions.read(ref)
        if action is None:
            return
        await self.by_kind[action.kind](action)
        if await self.actions.read(ref) is not None:
            raise NothingHappened(action.kind)


def describe(error: Exception) -> str:
    """The error as a row keeps it: its kind and its own words, cut short."""
    return f"{type(error).__name__}: {error}"[:MOST_ERROR_CHARACTERS]
