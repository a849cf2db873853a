"""Tasks of a merchant's team: raised with what causes them, done by a person or by themselves."""

from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from domain.tasks import ON_THE_CASE, TaskKind

MOST_ABOUT: Final = 500  # characters of a code or of several


class Task(Struct, frozen=True, kw_only=True):
    """One of them. `subject` is what it is about: of one kind and subject one is open at most.

    `about` is a code of ours (a problem, an end action, permissions), never a customer's words.
    """

    task_id: UUID
    kind: TaskKind
    subject: str  # "case:<id>", "address:<hash>", "account:<id>", "key:<account>"
    about: str = ""
    case_id: UUID | None = None
    amount_minor: int | None = None  # as it was when the task was raised
    currency: str | None = None
    opened_at: datetime
    due_at: datetime
    assignee: UUID | None = None
    done_at: datetime | None = None
    done_by: UUID | None = None  # None of one that is done: its cause is gone

    @property
    def is_answered_on_case(self) -> bool:
        """The answer on the case's page does it."""
        return self.case_id is not None and self.kind in ON_THE_CASE


class TaskStore(Protocol):
    """Tasks of one merchant, inside one unit of work."""

    async def add(self, task: Task) -> bool:
        """False if one of the same kind and subject is open."""
        ...

    async def find(self, task_id: UUID) -> Task | None:
        """None if absent or another merchant's."""
        ...

    async def of_case(self, case_id: UUID) -> tuple[Task, ...]:
        """Open and done, the latest first, at most 100."""
        ...

    async def open_of(self, kind: TaskKind, subject: str) -> Task | None:
        """The open one, if there is one."""
        ...

    async def done(self, task_id: UUID, by: UUID | None, at: datetime) -> bool:
        """False if there is no such open task."""
        ...

    async def reopen(self, task_id: UUID) -> bool:
        """False if there is no such done task, or another of its kind and subject is open."""
        ...

    async def assign(self, task_id: UUID, user_id: UUID | None) -> bool:
        """To a member of the team, or to nobody; False for a stranger, or without such an open
        task."""
        ...

    async def move(self, task_id: UUID, case_id: UUID) -> None:
        """The same customer's other case is what it is about from now on."""
        ...

    async def overdue_of(self, before: datetime) -> tuple[UUID | None, ...]:
        """Whose open tasks were due before then; None: some of nobody's."""
        ...
