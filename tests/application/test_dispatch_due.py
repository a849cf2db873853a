"""DispatchDue: what is due is told to the workers; a lost message is told again."""

from datetime import timedelta

from adapters.memory.chores import MemoryChoreQueue
from adapters.memory.job_queue import MemoryJobQueue
from application.shaping import Shaper
from application.use_cases.dispatch_due import BATCH, CLAIM, MOST_WAITING, DispatchDue
from tests.application.bakery import FAILED, Bakery
from tests.builders import DAY

LEASE = timedelta(minutes=1)


class Bell:
    """A dispatcher over a bakery's rows, and what it counted."""

    def __init__(self, bakery: Bakery, wait_s: float = 0) -> None:
        self.jobs = MemoryJobQueue()
        self.counted: dict[str, int] = {"events": 0, "actions": 0, "chores": 0}
        self.round = DispatchDue(
            inbox=bakery.inbox,
            actions=bakery.actions,
            chores=MemoryChoreQueue(bakery.world),
            jobs=self.jobs,
            shaper=Shaper(lambda account: wait_s),
            clock=lambda: bakery.now,
            count=self._count,
            lease=LEASE,
        )

    def _count(self, rows: str, handed_over: int) -> None:
        self.counted[rows] += handed_over


async def test_what_waits_is_told_once_while_its_lease_lasts() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.keeps(FAILED)
    bakery.now += DAY
    bell = Bell(bakery)
    assert await bell.round() == 2
    assert bell.jobs.events == [(ref,)]
    assert bell.jobs.actions == [(await bakery.due(),)]
    assert await bell.round() == 0
    assert bell.counted == {"events": 1, "actions": 1, "chores": 0}


async def test_what_redis_lost_is_told_again_when_the_lease_is_over() -> None:
    bakery = await Bakery().opens()
    bakery.now += DAY
    bell = Bell(bakery)
    assert await bell.round() == 1
    bell.jobs.forget()
    bakery.now += LEASE
    assert await bell.round() == 1
    assert bell.jobs.actions == [(await bakery.due(),)]


async def test_what_is_not_due_is_not_told() -> None:
    bakery = await Bakery().opens()
    assert await Bell(bakery).round() == 0


async def test_no_round_is_made_while_the_workers_are_behind() -> None:
    bakery = await Bakery().opens()
    bell = Bell(bakery)
    ref = await bakery.keeps(FAILED)
    for _ in range(MOST_WAITING):
        await bell.jobs.send_events((ref,))
    assert await bell.round() == 0


async def test_a_burst_is_given_turns_and_each_turn_comes() -> None:
    bakery = await Bakery().opens()
    bakery.now += DAY
    bell = Bell(bakery, wait_s=30)
    assert await bell.round() == 0
    bakery.now += timedelta(seconds=30)
    assert await bell.round() == 1, "who was sent away with a wait goes when it is over"


async def test_much_is_told_in_batches_and_nothing_twice() -> None:
    bakery = await Bakery().opens()
    refs = [await bakery.keeps(FAILED) for _ in range(2 * BATCH + 50)]
    bell = Bell(bakery)
    assert await bell.round() == len(refs)
    assert [len(batch) for batch in bell.jobs.events] == [BATCH, BATCH, 50]
    assert [ref for batch in bell.jobs.events for ref in batch] == refs, "in the order of arrival"


async def test_a_round_takes_no_more_than_its_share() -> None:
    bakery = await Bakery().opens()
    for _ in range(CLAIM + 1):
        await bakery.keeps(FAILED)
    bell = Bell(bakery)
    assert [await bell.round(), await bell.round()] == [CLAIM, 1]


async def test_rounds_go_on_when_the_workers_have_caught_up() -> None:
    bakery = await Bakery().opens()
    ref = await bakery.keeps(FAILED)
    bell = Bell(bakery)
    for _ in range(MOST_WAITING):
        await bell.jobs.send_events((ref,))
    assert await bell.round() == 0
    bell.jobs.forget()
    assert await bell.round() == 1


async def test_what_waits_for_its_turn_is_counted_when_it_goes_and_not_before() -> None:
    bakery = await Bakery().opens()
    bakery.now += DAY
    bell = Bell(bakery, wait_s=30)
    await bell.round()
    assert (bell.jobs.actions, bell.counted["actions"]) == ([], 0)
    bakery.now += timedelta(seconds=30)
    await bell.round()
    assert bell.counted["actions"] == 1
