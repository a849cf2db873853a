"""Tasks of a merchant's team."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from application.ports.tasks import Task
from domain.tasks import TaskKind

MOST_OF_CASE: Final = 100
COLUMNS: Final = (
    "task_id, kind, subject, about, case_id, amount_minor, currency, opened_at, due_at, assignee, "
    "done_at, done_by"
)
ADD: Final = """
insert into tasks (merchant_id, task_id, kind, subject, about, case_id, amount_minor, currency,
    opened_at, due_at, assignee)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict do nothing
"""
FIND: Final = f"select {COLUMNS} from tasks where merchant_id = $1 and task_id = $2"  # noqa: S608
OF_CASE: Final = f"""
select {COLUMNS} from tasks where merchant_id = $1 and case_id = $2
order by opened_at desc, task_id desc limit $3
"""  # noqa: S608 - names from above
OPEN_OF: Final = f"""
select {COLUMNS} from tasks
where merchant_id = $1 and kind = $2 and subject = $3 and done_at is null
"""  # noqa: S608
DONE: Final = """
update tasks set done_at = $4, done_by = $3
where merchant_id = $1 and task_id = $2 and done_at is null
"""
REOPEN: Final = """
update tasks set done_at = null, done_by = null
where merchant_id = $1 and task_id = $2 and done_at is not null
"""
ASSIGN: Final = """
update tasks set assignee = $3
where merchant_id = $1 and task_id = $2 and done_at is null and ($3::uuid is null or exists (
    select from memberships where merchant_id = $1 and user_id = $3
))
"""
MOVE: Final = "update tasks set case_id = $3 where merchant_id = $1 and task_id = $2"
OVERDUE_OF: Final = """
select distinct assignee from tasks
where merchant_id = $1 and done_at is null and due_at < $2 order by assignee
"""


class PostgresTaskStore:
    """Those of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def add(self, task: Task) -> bool:
        done = await self._connection.execute(
            ADD,
            self._merchant_id,
            task.task_id,
            task.kind,
            task.subject,
            task.about,
            task.case_id,
            task.amount_minor,
            task.currency,
            task.opened_at,
            task.due_at,
            task.assignee,
        )
        return bool(done == "INSERT 0 1")

    async def find(self, task_id: UUID) -> Task | None:
        row = await self._connection.fetchrow(FIND, self._merchant_id, task_id)
        return task_of(row) if row else None

    async def of_case(self, case_id: UUID) -> tuple[Task, ...]:
        given = (self._merchant_id, case_id, MOST_OF_CASE)
        return tuple(map(task_of, await self._connection.fetch(OF_CASE, *given)))

    async def open_of(self, kind: TaskKind, subject: str) -> Task | None:
        row = await self._connection.fetchrow(OPEN_OF, self._merchant_id, kind, subject)
        return task_of(row) if row else None

    async def done(self, task_id: UUID, by: UUID | None, at: datetime) -> bool:
        return await self._changed(DONE, task_id, by, at)

    async def reopen(self, task_id: UUID) -> bool:
        try:
            async with self._connection.transaction():
                return await self._changed(REOPEN, task_id)
        except asyncpg.UniqueViolationError:
            return False

    async def assign(self, task_id: UUID, user_id: UUID | None) -> bool:
        return await self._changed(ASSIGN, task_id, user_id)

    async def move(self, task_id: UUID, case_id: UUID) -> None:
        await self._changed(MOVE, task_id, case_id)

    async def overdue_of(self, before: datetime) -> tuple[UUID | None, ...]:
        rows = await self._connection.fetch(OVERDUE_OF, self._merchant_id, before)
        return tuple(row["assignee"] for row in rows)

    async def _changed(self, statement: str, *given: Any) -> bool:
        done = await self._connection.execute(statement, self._merchant_id, *given)
        return bool(done == "UPDATE 1")


def task_of(row: Any) -> Task:
    """The task that COLUMNS hold."""
    return Task(
        task_id=row["task_id"],
        kind=TaskKind(row["kind"]),
        subject=row["subject"],
        about=row["about"],
        case_id=row["case_id"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        opened_at=row["opened_at"],
        due_at=row["due_at"],
        assignee=row["assignee"],
        done_at=row["done_at"],
        done_by=row["done_by"],
    )
