"""The read side of tasks and of people at risk, in memory."""

from datetime import datetime
from uuid import UUID

from adapters.memory.world import MemoryWorld
from application.ports.suppressions import hash_of
from application.ports.tasks import Task
from application.task_views import (
    MOST_COUNTED,
    RiskPage,
    RiskRow,
    TaskCounts,
    TaskFilter,
    TaskPage,
    TaskRow,
)
from domain.invoice import Customer
from domain.money import sums
from domain.recovery.state import RecoveryCase


class MemoryHandOffPages:
    """A cursor is the index of the next row: enough where nothing is written between two pages."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def tasks(
        self, merchant_id: UUID, wish: TaskFilter, user_id: UUID, after: str | None, limit: int
    ) -> TaskPage:
        if wish is TaskFilter.DONE:
            done = [task for task in self._tasks(merchant_id) if task.done_at is not None]
            found = sorted(done, key=lambda task: (task.done_at, task.task_id), reverse=True)
        else:
            found = [task for task in self._open(merchant_id) if _is_wished(task, wish, user_id)]
        start, end = _span(after, limit)
        rows = tuple(self._row(merchant_id, task) for task in found[start:end])
        return TaskPage(rows=rows, after=str(end) if end < len(found) else None)

    async def counts(self, merchant_id: UUID, user_id: UUID, now: datetime) -> TaskCounts:
        found = self._open(merchant_id)[:MOST_COUNTED]
        return TaskCounts(
            all=len(found),
            mine=sum(task.assignee == user_id for task in found),
            nobodys=sum(task.assignee is None for task in found),
            overdue=sum(task.due_at < now for task in found),
        )

    async def these(self, merchant_id: UUID, task_ids: tuple[UUID, ...]) -> tuple[TaskRow, ...]:
        return tuple(
            self._row(merchant_id, task)
            for task in self._open(merchant_id)
            if task.task_id in task_ids
        )

    async def overdue(
        self, merchant_id: UUID, whose: tuple[UUID | None, ...] | None, before: datetime, limit: int
    ) -> tuple[TaskRow, ...]:
        late = [
            task
            for task in self._open(merchant_id)
            if task.due_at < before and (whose is None or task.assignee in whose)
        ]
        return tuple(self._row(merchant_id, task) for task in late[:limit])

    async def at_risk(self, merchant_id: UUID, after: str | None, limit: int) -> RiskPage:
        found = sorted(self._risks(merchant_id), key=lambda risk: risk[0], reverse=True)
        start, end = _span(after, limit)
        rows = tuple(row for _, row in found[start:end])
        return RiskPage(rows=rows, after=str(end) if end < len(found) else None)

    def of_case(self, merchant_id: UUID, case_id: UUID) -> tuple[TaskRow, ...]:
        """The open ones, the soonest due first."""
        mine = [task for task in self._open(merchant_id) if task.case_id == case_id]
        return tuple(self._row(merchant_id, task) for task in mine)

    def _risks(self, merchant_id: UUID) -> list[tuple[tuple[datetime, bytes, str, str], RiskRow]]:
        found = []
        for (owner, account, customer_id), customer in self._world.customers.items():
            key = (merchant_id, hash_of(customer.email or ""))
            held = self._world.suppressions.get(key)
            owed = self._owed(merchant_id, account, customer_id)
            if owner != merchant_id or held is None or held.lifted_at is not None or not owed:
                continue
            row = RiskRow(
                address_hash=key[1],
                reason=held.reason,
                since=held.at,
                customer_name=customer.name,
                customer_email=customer.email,
                owed=tuple(
                    sorted(sums(case.owed for _, case in owed), key=lambda each: each.currency)
                ),
                case_id=owed[0][0],
                cases=len(owed),
            )
            found.append(((held.at, key[1], account, customer_id), row))
        return found

    def _owed(
        self, merchant_id: UUID, account: str, customer_id: str
    ) -> list[tuple[UUID, RecoveryCase]]:
        """The oldest first."""
        mine = [
            (held.state.opened_at, case_id, held.state)
            for (owner, case_id), held in self._world.cases.items()
            if owner == merchant_id
            and (held.state.account, held.state.customer_id) == (account, customer_id)
            and held.state.is_open
            and not held.state.held_out
        ]
        mine.sort(key=lambda each: each[:2])
        return [(case_id, case) for _, case_id, case in mine]

    def _tasks(self, merchant_id: UUID) -> list[Task]:
        return [task for (owner, _), task in self._world.tasks.items() if owner == merchant_id]

    def _open(self, merchant_id: UUID) -> list[Task]:
        found = [task for task in self._tasks(merchant_id) if task.done_at is None]
        return sorted(found, key=lambda task: (task.due_at, task.task_id))

    def _row(self, merchant_id: UUID, task: Task) -> TaskRow:
        held = self._world.cases.get((merchant_id, task.case_id)) if task.case_id else None
        if held is None:
            return TaskRow(task=task)
        case = held.state
        key = (merchant_id, case.account, case.customer_id or "")
        customer = self._world.customers.get(key) or Customer(customer_id="")
        return TaskRow(
            task=task,
            customer_name=customer.name,
            customer_email=customer.email,
            invoice=case.number or case.invoice_id,
        )


def _is_wished(task: Task, wish: TaskFilter, user_id: UUID) -> bool:
    match wish:
        case TaskFilter.MINE:
            return task.assignee == user_id
        case TaskFilter.NOBODYS:
            return task.assignee is None
        case _:
            return True


def _span(after: str | None, limit: int) -> tuple[int, int]:
    start = int(after) if after and after.isdecimal() else 0
    return start, start + limit
