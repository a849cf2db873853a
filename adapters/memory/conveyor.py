"""The inbox, the scheduled actions and the intake in memory."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from adapters.memory.world import HeldAction, HeldEvent, MemoryWorld, Turn
from application.ports.conveyor import DueAction, IncomingEvent, ScheduledAction, WaitingEvent
from application.ports.stores import ActionRef, EventRef

LONGEST_BACK_OFF: Final = timedelta(minutes=5)


def _is_free(turn: Turn, now: datetime) -> bool:
    return turn.dead_at is None and (turn.leased_until is None or turn.leased_until <= now)


def _after_failure(turn: Turn, error: str, most_tries: int, now: datetime) -> Turn:
    """Tried again after 1, 2, 4 … seconds, at most five minutes; dead after `most_tries`."""
    back_off = min(timedelta(seconds=2 ** min(turn.tries, 30)), LONGEST_BACK_OFF)
    return Turn(
        leased_until=now + back_off,
        tries=turn.tries + 1,
        dead_at=now if turn.tries + 1 >= most_tries else None,
        error=error,
    )


class MemoryIntake:
    """Keeps each event once; one of an unknown account as an orphan."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def keep(self, event: IncomingEvent) -> None:
        for connected in self._world.accounts.values():
            named = connected.account == event.account
            implied = event.account is None and connected.own
            if connected.livemode == event.livemode and (named or implied):
                ref = EventRef(connected.merchant_id, connected.account, event.event_id)
                self._keep(ref, event)
                return
        self._world.orphans.setdefault((event.account, event.livemode, event.event_id), event)

    def _keep(self, ref: EventRef, event: IncomingEvent) -> None:
        if ref not in self._world.inbox:
            self._world.inbox[ref] = HeldEvent(
                ref=ref, seq=len(self._world.inbox), event=event, received_at=self._world.wall()
            )


class MemoryInbox:
    """Events that wait."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def claim(self, limit: int, lease: timedelta) -> tuple[EventRef, ...]:
        now = self._world.wall()
        free = [
            held
            for held in self._world.inbox.values()
            if not held.handled and _is_free(held.turn, now)
        ]
        oldest = sorted(free, key=lambda held: held.seq)[:limit]
        refs = tuple(held.ref for held in oldest)
        await self.renew(refs, lease)
        return refs

    async def renew(self, refs: tuple[EventRef, ...], lease: timedelta) -> None:
        for held in self._unhandled(refs):
            self._turn(held, replace(held.turn, leased_until=self._world.wall() + lease))

    async def read(self, ref: EventRef) -> WaitingEvent | None:
        for held in self._unhandled((ref,)):
            if held.turn.dead_at is None:
                return WaitingEvent(ref=ref, livemode=held.event.livemode, raw=held.event.raw)
        return None

    async def failed(self, ref: EventRef, error: str, most_tries: int) -> bool:
        for held in self._unhandled((ref,)):
            if held.turn.dead_at is None:
                turn = _after_failure(held.turn, error, most_tries, self._world.wall())
                self._turn(held, turn)
                return turn.dead_at is not None
        return False

    def _unhandled(self, refs: Iterable[EventRef]) -> list[HeldEvent]:
        found = [self._world.inbox.get(ref) for ref in refs]
        return [held for held in found if held is not None and not held.handled]

    def _turn(self, held: HeldEvent, turn: Turn) -> None:
        self._world.inbox[held.ref] = replace(held, turn=turn)


class MemoryActionQueue:
    """Actions that are due."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[DueAction, ...]:
        wall = self._world.wall()
        due = [
            held
            for held in self._world.actions.values()
            if held.action.due_at <= now and _is_free(held.turn, wall)
        ]
        first = sorted(due, key=lambda held: (held.action.due_at, held.ref.action_id))[:limit]
        await self.renew(tuple(held.ref for held in first), lease)
        return tuple(
            DueAction(ref=held.ref, kind=held.action.kind, account=held.account) for held in first
        )

    async def postpone(self, waits: tuple[tuple[ActionRef, timedelta], ...]) -> None:
        for ref, wait in waits:
            await self.renew((ref,), wait)

    async def renew(self, refs: tuple[ActionRef, ...], lease: timedelta) -> None:
        for held in map(self._held, refs):
            if held is not None:
                self._turn(held, replace(held.turn, leased_until=self._world.wall() + lease))

    async def read(self, ref: ActionRef) -> ScheduledAction | None:
        held = self._held(ref)
        if held is None or held.turn.dead_at is not None:
            return None
        return ScheduledAction(
            ref=ref,
            case_id=held.case_id,
            kind=held.action.kind,
            number=held.action.number,
            due_at=held.action.due_at,
            tries=held.turn.tries,
        )

    async def failed(self, ref: ActionRef, error: str, most_tries: int) -> bool:
        held = self._held(ref)
        if held is None or held.turn.dead_at is not None:
            return False
        turn = _after_failure(held.turn, error, most_tries, self._world.wall())
        self._turn(held, turn)
        return turn.dead_at is not None

    def _held(self, ref: ActionRef) -> HeldAction | None:
        case_id = self._world.cases_of_actions.get(ref)
        return self._world.actions.get((ref.merchant_id, case_id)) if case_id else None

    def _turn(self, held: HeldAction, turn: Turn) -> None:
        self._world.actions[held.ref.merchant_id, held.case_id] = replace(held, turn=turn)
