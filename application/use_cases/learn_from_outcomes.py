"""LearnFromOutcomes: what happened becomes what is known, a version of it for each merchant."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from application.ports.learning import FreshLesson, LearnedVersion, Learners
from application.ports.stores import ConcurrentWrite
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from domain.timing.knowledge import Knowledge

MOST_MERCHANTS: Final = 50  # in one round
MOST_LESSONS: Final = 1_000  # of one merchant in one version; the rest waits for the next
# Every version is kept, for decisions name it: four a day are some kilobytes, and soon enough.
FRESH_FOR: Final = timedelta(hours=6)
POOL_PARTS: Final = 16  # with more, reading costs more; with less, more of what others know is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnFromOutcomes:
    """One round. Each merchant's new version is a transaction of its own."""

    open_uow: OpenUnitOfWork
    learners: Learners
    clock: Callable[[], datetime]

    async def __call__(self) -> int:
        """How many merchants know more now; a full round says that more may wait."""
        merchants = await self.learners.waiting(MOST_MERCHANTS, self.clock() - FRESH_FOR)
        return sum([await self._learn(merchant_id) for merchant_id in merchants])

    async def _learn(self, merchant_id: UUID) -> bool:
        try:
            async with self.open_uow(merchant_id) as uow:
                await self._make_version(uow, merchant_id)
        except ConcurrentWrite:
            return False  # another process has just done it
        return True

    async def _make_version(self, uow: UnitOfWork, merchant_id: UUID) -> None:
        now = self.clock()
        fresh = await uow.lessons.fresh(MOST_LESSONS)
        own = await uow.knowledge.own()
        for each in fresh:
            own.learn(each.lesson)
        others = await _others(uow, merchant_id, fresh, now)
        learned = LearnedVersion(
            version=await uow.knowledge.active() + 1,
            own=own,
            whole=Knowledge.pooled(others, own).decayed(now),
            made_at=now,
        )
        await uow.knowledge.keep(learned)
        await uow.lessons.learned(tuple(each.lesson_id for each in fresh), learned.version)


async def _others(
    uow: UnitOfWork, merchant_id: UUID, fresh: tuple[FreshLesson, ...], now: datetime
) -> tuple[Knowledge, ...]:
    """What others have shared; and what is fresh here goes to them, if this merchant agreed."""
    pool = await uow.pool.read()
    if not await uow.pool.is_fed_by_us():
        return tuple(pool.values())
    part = merchant_id.int % POOL_PARTS
    shared = pool.pop(part, None) or Knowledge()
    for each in fresh:
        # Nobody's name goes along, not even as a key.
        shared.learn(replace(each.lesson, situation=replace(each.lesson.situation, merchant="")))
    if fresh:
        await uow.pool.keep(part, shared, now)
    return tuple(pool.values())
