"""Chores of accounts in memory."""

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldChore, MemoryWorld
from application.ports.chores import (
    PERIODIC,
    Chore,
    ChoreKind,
    ChoreRef,
    ChoreStep,
)
from application.ports.stores import ConcurrentWrite

LONGEST_BACK_OFF: Final = timedelta(minutes=5)


class MemoryChoreStore(MemoryStore):
    """Chores of one merchant."""

    async def put(self, account: str, kind: ChoreKind, due_at: datetime) -> None:
        ref = ChoreRef(self.merchant_id, account, kind)
        held = self.world.chores.get(ref)
        chore = Chore(ref=ref, due_at=due_at, put_at=due_at)
        if held is None:
            self._keep(HeldChore(chore=chore))
        elif held.chore.finished_at is not None:
            before = held.chore
            chore = replace(
                chore,
                turn=before.turn + 1,
                found_ever=before.found_ever,
                began_at=before.began_at,
                last_ok_at=before.last_ok_at,
            )
            self._keep(HeldChore(chore=chore, leased_until=held.leased_until))
        else:
            sooner = min(due_at, held.chore.due_at)
            chore = replace(held.chore, due_at=sooner, tries=0, error=None)
            self._keep(replace(held, chore=chore, retry_at=None))

    async def save(self, chore: Chore, step: ChoreStep) -> Chore:
        held = self.world.chores.get(_of(self, chore.ref))
        if held is None or held.chore.turn != chore.turn:
            raise ConcurrentWrite
        before = held.chore
        saved = replace(
            before,
            turn=before.turn + 1,
            running=not step.over,
            cursor=step.cursor,
            progress=step.progress,
            found_ever=before.found_ever
            + step.progress.found
            - (before.progress.found if before.running else 0),
            began_at=before.began_at if before.running else step.at,
            last_ok_at=step.at if step.over else before.last_ok_at,
            due_at=step.next_at or before.due_at,
            finished_at=step.at if step.over and step.next_at is None else None,
            tries=0,
            error=None,
        )
        self._keep(replace(held, chore=saved, retry_at=None))
        return saved

    async def of_account(self, account: str) -> tuple[Chore, ...]:
        mine = [
            held.chore
            for ref, held in self.world.chores.items()
            if (ref.merchant_id, ref.account) == (self.merchant_id, account)
        ]
        return tuple(sorted(mine, key=lambda chore: chore.ref.kind))

    async def stop(self, account: str, at: datetime) -> None:
        for chore in await self.of_account(account):
            if chore.ref.kind is not ChoreKind.LEAVE and chore.finished_at is None:
                ended = replace(chore, finished_at=at, turn=chore.turn + 1)
                self._keep(replace(self.world.chores[chore.ref], chore=ended))

    def _keep(self, held: HeldChore) -> None:
        self.journal.put(self.world.chores, held.chore.ref, held)


def _of(store: MemoryStore, ref: ChoreRef) -> ChoreRef:
    """A stranger's chore is not there."""
    return replace(ref, merchant_id=store.merchant_id)


class MemoryChoreQueue:
    """Chores of all merchants."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def provide(self, now: datetime) -> int:
        wanted = [
            ChoreRef(connected.merchant_id, connected.account, kind)
            for connected in self._world.accounts.values()
            for kind in PERIODIC
        ]
        missing = [ref for ref in dict.fromkeys(wanted) if ref not in self._world.chores]
        for ref in missing:
            self._world.chores[ref] = HeldChore(chore=Chore(ref=ref, due_at=now, put_at=now))
        return len(missing)

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[ChoreRef, ...]:
        wall = self._world.wall()
        busy = {_account(held) for held in self._world.chores.values() if _is_leased(held, wall)}
        due = [
            held
            for held in self._world.chores.values()
            if held.chore.finished_at is None
            and held.chore.due_at <= now
            and (held.retry_at is None or held.retry_at <= wall)
            and _account(held) not in busy
        ]
        first: dict[tuple[object, str], ChoreRef] = {}
        for held in sorted(due, key=_place):
            first.setdefault(_account(held), held.chore.ref)
        refs = tuple(first.values())[:limit]
        self._lease(refs, wall + lease)
        return refs

    async def renew(self, refs: tuple[ChoreRef, ...], lease: timedelta) -> None:
        leased = tuple(ref for ref in refs if self._world.chores[ref].leased_until is not None)
        self._lease(leased, self._world.wall() + lease)

    async def release(self, ref: ChoreRef, rest: timedelta) -> None:
        self._lease((ref,), None)
        held, until = self._world.chores[ref], self._world.wall() + rest
        self._world.chores[ref] = replace(held, retry_at=max(held.retry_at or until, until))

    async def read(self, ref: ChoreRef) -> Chore | None:
        held = self._world.chores.get(ref)
        return None if held is None or held.chore.finished_at is not None else held.chore

    async def failed(self, ref: ChoreRef, error: str) -> None:
        held = self._world.chores[ref]
        tries = held.chore.tries
        back_off = min(timedelta(seconds=2 ** min(tries, 30)), LONGEST_BACK_OFF)
        self._world.chores[ref] = replace(
            held,
            chore=replace(held.chore, tries=tries + 1, error=error),
            leased_until=None,
            retry_at=self._world.wall() + back_off,
        )

    def _lease(self, refs: tuple[ChoreRef, ...], until: datetime | None) -> None:
        for ref in refs:
            self._world.chores[ref] = replace(self._world.chores[ref], leased_until=until)


def _is_leased(held: HeldChore, wall: datetime) -> bool:
    finished = held.chore.finished_at is not None
    return not finished and held.leased_until is not None and held.leased_until > wall


def _account(held: HeldChore) -> tuple[object, str]:
    return held.chore.ref.merchant_id, held.chore.ref.account


def _place(held: HeldChore) -> tuple[datetime, str, str]:
    return held.chore.due_at, held.chore.ref.account, held.chore.ref.kind
