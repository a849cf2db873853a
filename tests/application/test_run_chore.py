"""RunChore: a slice of steps, and then others get their turn."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.memory.chores import MemoryChoreQueue
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from application.ports.chores import Chore, ChoreKind, ChoreRef, ChoreStep, Progress
from application.use_cases.run_chore import REST, SLICE_S, NobodysErrand, RunChore
from tests.builders import ACCOUNT, HOUR, MONDAY

LEASE = timedelta(minutes=1)
MERCHANT_ID = UUID(int=1)
STEPS = 10


class Desk:
    """One import of ten steps of four seconds each, and a worker."""

    def __init__(self) -> None:
        self.now, self.seconds, self.drained = MONDAY, 0.0, False
        self.world = MemoryWorld(wall=lambda: self.now)
        self.queue, self.open_uow = MemoryChoreQueue(self.world), units_of_work(self.world)
        self.ref = ChoreRef(MERCHANT_ID, ACCOUNT, ChoreKind.IMPORT)
        self.beside: Callable[[], None] = lambda: None
        self.run = RunChore(
            chores=self.queue,
            by_kind={ChoreKind.IMPORT: self.step},
            seconds=lambda: self.seconds,
            draining=lambda: self.drained,
        )

    async def asked(self, kind: ChoreKind = ChoreKind.IMPORT) -> "Desk":
        async with self.open_uow(MERCHANT_ID) as uow:
            await uow.chores.put(ACCOUNT, kind, MONDAY)
        return self

    async def step(self, chore: Chore) -> Chore:
        self.seconds += 4
        self.beside()
        done = chore.progress.done + 1
        step = ChoreStep(
            at=self.now,
            cursor=None,
            progress=Progress(done=done),
            over=done % STEPS == 0,
            next_at=self.now + HOUR if done % STEPS == 0 else None,
        )
        async with self.open_uow(MERCHANT_ID) as uow:
            return await uow.chores.save(chore, step)

    async def claimed(self) -> tuple[ChoreRef, ...]:
        return await self.queue.claim(MONDAY + HOUR, 10, LEASE)

    async def done(self) -> int:
        found = await self.queue.read(self.ref)
        assert found is not None
        return found.progress.done


async def test_a_slice_ends_when_its_time_is_up_and_the_chore_is_free_at_once() -> None:
    desk = await Desk().asked()
    await desk.claimed()
    await desk.run(desk.ref)
    assert await desk.done() == SLICE_S // 4 + 1
    assert await desk.claimed() == (desk.ref,)


async def test_a_run_that_is_over_rests_however_fast_the_clock_goes() -> None:
    desk = await Desk().asked()
    while await desk.claimed():
        await desk.run(desk.ref)
    assert await desk.done() == STEPS
    desk.now += REST
    assert await desk.claimed() == (desk.ref,)


async def test_a_worker_that_is_to_stop_ends_its_step_and_no_more() -> None:
    desk = await Desk().asked()
    desk.drained = True
    await desk.run(desk.ref)
    assert await desk.done() == 1


async def test_who_finds_that_another_is_at_it_leaves_it_to_them() -> None:
    desk = await Desk().asked()

    def another() -> None:
        held = desk.world.chores[desk.ref]
        ahead = replace(held.chore, turn=held.chore.turn + 1)
        desk.world.chores[desk.ref] = replace(held, chore=ahead)

    desk.beside = another
    await desk.run(desk.ref)
    assert await desk.done() == 0


async def test_what_nobody_does_here_waits_for_somebody_who_does() -> None:
    desk = await Desk().asked(ChoreKind.EXPIRY)
    ref = ChoreRef(MERCHANT_ID, ACCOUNT, ChoreKind.EXPIRY)
    with pytest.raises(NobodysErrand) as error:
        await desk.run(ref)
    await desk.run.failed(ref, error.value)
    found = await desk.queue.read(ref)
    assert found is not None
    assert found.error == "NobodysErrand: expiry"
    assert await desk.claimed() == ()


async def test_a_chore_that_has_finished_is_not_done_again() -> None:
    desk = Desk()
    await desk.run(desk.ref)
    assert desk.seconds == 0
