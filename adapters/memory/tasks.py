"""Tasks of a merchant's team and news of them, in memory."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldNews
from application.ports.tasks import Task
from application.ports.team_news import MOST_TRIES, Notice
from domain.tasks import TaskKind

MOST_OF_CASE = 100


class MemoryTaskStore(MemoryStore):
    """Those of one merchant."""

    async def add(self, task: Task) -> bool:
        if await self.open_of(task.kind, task.subject) is not None:
            return False
        key = (self.merchant_id, task.task_id)
        if key in self.world.tasks:
            return False
        self.journal.put(self.world.tasks, key, task)
        return True

    async def find(self, task_id: UUID) -> Task | None:
        return self.world.tasks.get((self.merchant_id, task_id))

    async def of_case(self, case_id: UUID) -> tuple[Task, ...]:
        mine = [task for task in self._mine() if task.case_id == case_id]
        latest = sorted(mine, key=lambda task: (task.opened_at, task.task_id), reverse=True)
        return tuple(latest[:MOST_OF_CASE])

    async def open_of(self, kind: TaskKind, subject: str) -> Task | None:
        for task in self._mine():
            if (task.kind, task.subject, task.done_at) == (kind, subject, None):
                return task
        return None

    async def done(self, task_id: UUID, by: UUID | None, at: datetime) -> bool:
        return self._changed(task_id, is_done=False, done_at=at, done_by=by)

    async def reopen(self, task_id: UUID) -> bool:
        task = await self.find(task_id)
        if task is None or await self.open_of(task.kind, task.subject) is not None:
            return False
        return self._changed(task_id, is_done=True, done_at=None, done_by=None)

    async def assign(self, task_id: UUID, user_id: UUID | None) -> bool:
        if user_id is not None and (self.merchant_id, user_id) not in self.world.roles:
            return False
        return self._changed(task_id, is_done=False, assignee=user_id)

    async def move(self, task_id: UUID, case_id: UUID) -> None:
        task = await self.find(task_id)
        if task is not None:
            self._changed(task_id, is_done=task.done_at is not None, case_id=case_id)

    async def overdue_of(self, before: datetime) -> tuple[UUID | None, ...]:
        late = {
            task.assignee for task in self._mine() if task.done_at is None and task.due_at < before
        }
        people: list[UUID | None] = [*sorted(each for each in late if each is not None)]
        return tuple(people + ([None] if None in late else []))

    def _mine(self) -> list[Task]:
        return [task for (owner, _), task in self.world.tasks.items() if owner == self.merchant_id]

    def _changed(self, task_id: UUID, *, is_done: bool, **fields: Any) -> bool:
        task = self.world.tasks.get((self.merchant_id, task_id))
        if task is None or (task.done_at is not None) != is_done:
            return False
        self.journal.put(self.world.tasks, (self.merchant_id, task_id), replace(task, **fields))
        return True


class MemoryNewsStore(MemoryStore):
    """What a merchant's team is to hear."""

    async def put(self, notice: Notice) -> None:
        key = (self.merchant_id, notice.notice_id)
        if key not in self.world.news:
            held = HeldNews(notice=notice, next_at=notice.put_at)
            self.journal.put(self.world.news, key, held)

    async def take(self, now: datetime, limit: int) -> tuple[Notice, ...]:
        due = [held for held in self._waiting() if held.next_at <= now]
        due.sort(key=lambda held: (held.next_at, held.notice.notice_id))
        taken = []
        for held in due[:limit]:
            notice = replace(held.notice, tries=held.notice.tries + 1)
            later = now + timedelta(minutes=1) * 2**held.notice.tries
            self._keep(replace(held, notice=notice, next_at=later))
            taken.append(notice)
        return tuple(sorted(taken, key=lambda notice: (notice.put_at, notice.notice_id)))

    async def told(self, notice_ids: Sequence[UUID], at: datetime) -> None:
        self._mark(notice_ids, told_at=at)

    async def failed(self, notice_ids: Sequence[UUID], why: str, at: datetime) -> None:
        self._mark(notice_ids, failed_at=at, error=why)

    async def next_at(self) -> datetime | None:
        return min((held.next_at for held in self._waiting()), default=None)

    def _waiting(self) -> list[HeldNews]:
        return [
            held
            for (owner, _), held in self.world.news.items()
            if owner == self.merchant_id
            and held.told_at is None
            and held.failed_at is None
            and held.notice.tries < MOST_TRIES
        ]

    def _mark(self, notice_ids: Sequence[UUID], **marks: Any) -> None:
        for notice_id in notice_ids:
            held = self.world.news.get((self.merchant_id, notice_id))
            if held is not None:
                self._keep(replace(held, **marks))

    def _keep(self, held: HeldNews) -> None:
        self.journal.put(self.world.news, (self.merchant_id, held.notice.notice_id), held)
