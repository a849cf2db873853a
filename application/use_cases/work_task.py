"""WorkTask: a person takes a task, gives it away, says that it is done, or not after all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.ports.team_news import Channel, Occasion
from application.ports.unit_of_work import OpenUnitOfWork
from application.tasks import notice_of, ring, told_of


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkTask:
    """Each returns False where nothing could be changed: a foreign task is as absent as one that
    never was, and what is answered on the page of its case is done there."""

    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]

    async def assign(self, merchant_id: UUID, task_id: UUID, to: UUID | None, by: UUID) -> bool:
        """Whoever is given a task by somebody else hears of it."""
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            task = await uow.tasks.find(task_id)
            if task is None or task.assignee == to:
                return task is not None
            if not await uow.tasks.assign(task_id, to):
                return False
            told = told_of(task_id, "assign_task", _actor(by), now, to=str(to) if to else None)
            await uow.audit.add(told)
            if to is not None and to != by:
                about = str(task_id)
                await uow.news.put(notice_of(Occasion.ASSIGNED, about, Channel.MAIL, to, now))
                await ring(uow, now)
        return True

    async def done(self, merchant_id: UUID, task_id: UUID, by: UUID) -> bool:
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            task = await uow.tasks.find(task_id)
            if task is None or task.is_answered_on_case:
                return False
            if not await uow.tasks.done(task_id, by, now):
                return False
            await uow.audit.add(told_of(task_id, "finish_task", _actor(by), now))
        return True

    async def reopen(self, merchant_id: UUID, task_id: UUID, by: UUID) -> bool:
        """Only what a person said was done: what settled itself has no cause any more."""
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            task = await uow.tasks.find(task_id)
            if task is None or task.done_by is None or not await uow.tasks.reopen(task_id):
                return False
            await uow.audit.add(told_of(task_id, "reopen_task", _actor(by), now))
        return True


def _actor(user_id: UUID) -> str:
    return f"user:{user_id}"
