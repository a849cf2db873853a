"""The database over memory, with a network between: transactions that fail, or whose commit nobody
hears of, and others that run while one is open.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from application.change_case import CaseRef, Cases, Change
from application.errors import Unavailable
from application.ports.conveyor import (
    ActionQueue,
    DueAction,
    Inbox,
    ScheduledAction,
    WaitingEvent,
)
from application.ports.stores import (
    ActionRef,
    ActionStore,
    AuditLog,
    CaseStore,
    Conversation,
    CustomerStore,
    DecisionLog,
    EventRef,
    InboxMarks,
    PolicyStore,
)
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from domain.network import CardUse
from domain.recovery.events import Event
from domain.recovery.state import RecoveryCase
from tests.simulation.machines import Machines
from tests.simulation.schedule import Crashed, Schedule, Task, at, task_of


class PausingCases:
    """A case store that lets others run between loading and appending: that is where races are."""

    def __init__(self, inner: CaseStore) -> None:
        self._inner = inner

    async def load(self, case_id: UUID) -> tuple[Event, ...]:
        events = await self._inner.load(case_id)
        await at("loaded")
        return events

    async def append(
        self, case_id: UUID, expected_version: int, events: tuple[Event, ...], after: RecoveryCase
    ) -> None:
        await self._inner.append(case_id, expected_version, events, after)

    async def of_customer(self, account: str, customer_id: str) -> tuple[UUID, ...]:
        return await self._inner.of_customer(account, customer_id)

    async def of_subscription(self, account: str, subscription_id: str) -> tuple[UUID, ...]:
        return await self._inner.of_subscription(account, subscription_id)

    async def of_account(self, account: str) -> tuple[UUID, ...]:
        return await self._inner.of_account(account)

    async def open_after(self, account: str, after: UUID | None, limit: int) -> tuple[UUID, ...]:
        return await self._inner.open_after(account, after, limit)

    async def known(self, case_ids: tuple[UUID, ...]) -> frozenset[UUID]:
        return await self._inner.known(case_ids)

    async def conversation(
        self, case_id: UUID, account: str, customer_id: str, now: datetime
    ) -> Conversation:
        return await self._inner.conversation(case_id, account, customer_id, now)

    async def card_use(self, fingerprint: str, amount_minor: int, now: datetime) -> CardUse:
        return await self._inner.card_use(fingerprint, amount_minor, now)


class NotedMarks:
    """Inbox marks that the judge is told of once they are committed."""

    def __init__(self, inner: InboxMarks) -> None:
        self._inner = inner
        self.marked: list[EventRef] = []

    async def handled(self, event: EventRef) -> bool:
        first = await self._inner.handled(event)
        if first:
            self.marked.append(event)
        return first

    async def unseen(self, account: str, event_ids: tuple[str, ...]) -> frozenset[str]:
        return await self._inner.unseen(account, event_ids)


class Unit:
    """A unit of work whose stores can be replaced one by one."""

    def __init__(self, inner: UnitOfWork) -> None:
        self.cases: CaseStore = PausingCases(inner.cases)
        self.marks = NotedMarks(inner.inbox)
        self.inbox: InboxMarks = self.marks
        self.actions: ActionStore = inner.actions
        self.audit: AuditLog = inner.audit
        self.customers: CustomerStore = inner.customers
        self.policies: PolicyStore = inner.policies
        self.links, self.messages = inner.links, inner.messages
        self.decisions: DecisionLog = inner.decisions
        self.lessons, self.knowledge, self.pool = inner.lessons, inner.knowledge, inner.pool
        self.chores, self.past = inner.chores, inner.past
        self.connections = inner.connections
        self.consents, self.notices = inner.consents, inner.notices
        self.reports, self.suppressions = inner.reports, inner.suppressions
        self.link_requests = inner.link_requests
        self.text_consents = inner.text_consents
        self.mail, self.mail_news, self.sending = inner.mail, inner.mail_news, inner.sending
        self.api_keys, self.in_app = inner.api_keys, inner.in_app
        self.tasks, self.news, self.hand_off = inner.tasks, inner.news, inner.hand_off
        self.brands, self.wordings = inner.brands, inner.wordings


class WatchedCases(Cases):
    """Cases whose changes the judge may decide again."""

    _schedule: Schedule

    def __init__(
        self, open_uow: OpenUnitOfWork, clock: Callable[[], datetime], schedule: Schedule
    ) -> None:
        super().__init__(open_uow=open_uow, clock=clock)
        object.__setattr__(self, "_schedule", schedule)

    async def apply(self, ref: CaseRef, change: Change) -> tuple[Event, ...]:
        task = task_of(self._schedule)
        task.change = change
        try:
            return await super().apply(ref, change)
        finally:
            task.change = None


class Transactions:
    """Units of work: commits that fail, commits that succeed and are never heard of."""

    def __init__(
        self,
        units: OpenUnitOfWork,
        schedule: Schedule,
        machines: Machines,
        unit: Callable[[UnitOfWork], Unit],
        committed: Callable[[EventRef, Task], None],
    ) -> None:
        self._units, self._schedule, self._machines = units, schedule, machines
        self._unit, self._committed = unit, committed

    @asynccontextmanager
    async def __call__(self, merchant_id: UUID) -> AsyncIterator[UnitOfWork]:
        schedule = self._schedule
        await self._machines.connect()
        await self._machines.ask("begins")
        task = task_of(schedule)
        task.looked, task.merchant_id = schedule.steps, merchant_id
        fault = self._fault()
        async with self._units(merchant_id) as inner:
            unit = self._unit(inner)
            yield unit
            if fault == "fails":
                raise Unavailable("commit")
            if fault == "dies":
                raise Crashed
        for ref in unit.marks.marked:
            self._committed(ref, task_of(schedule))
        await at("committed")
        if fault == "unheard":
            raise Unavailable("commit, or perhaps not")

    def _fault(self) -> str:
        schedule = self._schedule
        if not schedule.chance_of(schedule.weather.commit):
            return ""
        return schedule.pick("fails", "dies", "unheard")


class SlowInbox:
    """The Inbox port with a network between."""

    def __init__(self, inner: Inbox, connect: Callable[[], Awaitable[None]]) -> None:
        self._inner, self._connect = inner, connect

    async def claim(self, limit: int, lease: timedelta) -> tuple[EventRef, ...]:
        await self._connect()
        refs = await self._inner.claim(limit, lease)
        await at(f"claimed {len(refs)} events")
        return refs

    async def renew(self, refs: tuple[EventRef, ...], lease: timedelta) -> None:
        await self._connect()
        await self._inner.renew(refs, lease)
        await at("renewed")

    async def read(self, ref: EventRef) -> WaitingEvent | None:
        await self._connect()
        waiting = await self._inner.read(ref)
        await at(f"event {ref.event_id}")
        return waiting

    async def failed(self, ref: EventRef, error: str, most_tries: int) -> bool:
        await self._connect()
        await at(f"failed: {error}")
        return await self._inner.failed(ref, error, most_tries)


class SlowActions:
    """The ActionQueue port with a network between."""

    def __init__(self, inner: ActionQueue, connect: Callable[[], Awaitable[None]]) -> None:
        self._inner, self._connect = inner, connect

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[DueAction, ...]:
        await self._connect()
        due = await self._inner.claim(now, limit, lease)
        await at(f"claimed {len(due)} actions")
        return due

    async def postpone(self, waits: tuple[tuple[ActionRef, timedelta], ...]) -> None:
        await self._connect()
        await self._inner.postpone(waits)
        await at(f"postponed {len(waits)}")

    async def renew(self, refs: tuple[ActionRef, ...], lease: timedelta) -> None:
        await self._connect()
        await self._inner.renew(refs, lease)
        await at("renewed")

    async def read(self, ref: ActionRef) -> ScheduledAction | None:
        await self._connect()
        action = await self._inner.read(ref)
        await at(f"action {action.kind if action else 'gone'}")
        return action

    async def failed(self, ref: ActionRef, error: str, most_tries: int) -> bool:
        await self._connect()
        await at(f"failed: {error}")
        return await self._inner.failed(ref, error, most_tries)
