"""Lessons and knowledge of one merchant in memory, and the pool of all that share."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldLesson, MemoryWorld
from application.errors import NotFound
from application.ports.learning import FreshLesson, LearnedVersion
from application.ports.stores import ConcurrentWrite
from domain.timing.knowledge import Knowledge
from domain.timing.lessons import Lesson


class MemoryLessonStore(MemoryStore):
    """Outcomes of one merchant."""

    async def add(self, at: datetime, lessons: tuple[Lesson, ...]) -> None:  # noqa: ARG002
        for lesson in lessons:
            key = (self.merchant_id, len(self.world.lessons))
            self.journal.put(self.world.lessons, key, HeldLesson(lesson=lesson))

    async def fresh(self, limit: int) -> tuple[FreshLesson, ...]:
        mine = [
            FreshLesson(lesson_id, held.lesson)
            for (merchant_id, lesson_id), held in sorted(
                self.world.lessons.items(), key=lambda row: row[0]
            )
            if merchant_id == self.merchant_id and held.learned_in is None
        ]
        return tuple(mine[:limit])

    async def learned(self, lesson_ids: tuple[int, ...], version: int) -> None:
        for lesson_id in lesson_ids:
            key = (self.merchant_id, lesson_id)
            held = replace(self.world.lessons[key], learned_in=version)
            self.journal.put(self.world.lessons, key, held)


class MemoryKnowledgeStore(MemoryStore):
    """Knowledge, one immutable version each."""

    async def active(self) -> int:
        mine = [
            version
            for merchant_id, version in self.world.knowledge
            if merchant_id == self.merchant_id
        ]
        return max(mine, default=0)

    async def version(self, version: int) -> Knowledge:
        if version == 0:
            return Knowledge()
        return self._held(version).whole

    async def own(self) -> Knowledge:
        active = await self.active()
        # Apart from what is held: whoever learns on it must not change the past.
        return Knowledge.decode(self._held(active).own.encode()) if active else Knowledge()

    async def keep(self, learned: LearnedVersion) -> None:
        key = (self.merchant_id, learned.version)
        if key in self.world.knowledge:
            raise ConcurrentWrite
        self.journal.put(self.world.knowledge, key, learned)

    def _held(self, version: int) -> LearnedVersion:
        held = self.world.knowledge.get((self.merchant_id, version))
        if held is None:
            raise NotFound("knowledge")
        return held


class MemoryKnowledgePool(MemoryStore):
    """What all who share have taught."""

    async def is_fed_by_us(self) -> bool:
        return self.world.sharing.get(self.merchant_id, False)

    async def agree(self, shares: bool) -> None:
        self.journal.put(self.world.sharing, self.merchant_id, shares)

    async def read(self) -> dict[int, Knowledge]:
        return {
            part: Knowledge.decode(held.encode()) for part, held in sorted(self.world.pool.items())
        }

    async def keep(self, part: int, knowledge: Knowledge, at: datetime) -> None:  # noqa: ARG002
        self.journal.put(self.world.pool, part, knowledge)


class MemoryLearners:
    """Who has something to learn."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def waiting(self, limit: int, made_before: datetime) -> tuple[UUID, ...]:
        made: dict[UUID, datetime] = {}
        for (merchant_id, _), learned in self._world.knowledge.items():
            made[merchant_id] = max(learned.made_at, made.get(merchant_id, learned.made_at))
        found = {
            merchant_id
            for (merchant_id, _), held in self._world.lessons.items()
            if held.learned_in is None
            and (merchant_id not in made or made[merchant_id] < made_before)
        }
        if self._world.pool:
            found |= self._world.merchants.keys() - made.keys()
        return tuple(sorted(found)[:limit])
