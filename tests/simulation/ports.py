"""The ports of the installation over memory, with a network between: every await is a place where
others run, where an answer gets lost, and where a process may die.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from adapters.memory.job_queue import MemoryJobQueue
from adapters.memory.mailer import MemoryMailer
from application.errors import Unavailable
from application.ports.conveyor import (
    ActionQueue,
    DueAction,
    Inbox,
    ScheduledAction,
    WaitingEvent,
)
from application.ports.mailer import Letter, MailDeferred
from application.ports.payments import Outcome, StripeUnavailable, Unknown
from application.ports.stores import (
    ActionRef,
    ActionStore,
    AuditLog,
    CaseStore,
    CustomerStore,
    EventRef,
    InboxMarks,
)
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from domain.invoice import Invoice
from domain.network import CardUse
from domain.recovery.case import RecoveryCase
from domain.recovery.events import Event
from tests.simulation.schedule import Crashed, Schedule, Task, at
from tests.simulation.stripe import Stripe
from tests.simulation.watch import Watch

LATEST_EFFECT_S = 60.0  # of a call that nobody waits for any more


def task_of(schedule: Schedule) -> Task:
    """Who is running."""
    assert schedule.current is not None
    return schedule.current


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


class Unit:
    """A unit of work whose stores can be replaced one by one."""

    def __init__(self, inner: UnitOfWork) -> None:
        self.cases: CaseStore = PausingCases(inner.cases)
        self.marks = NotedMarks(inner.inbox)
        self.inbox: InboxMarks = self.marks
        self.actions: ActionStore = inner.actions
        self.audit: AuditLog = inner.audit
        self.customers: CustomerStore = inner.customers
        self.policies, self.links, self.messages = inner.policies, inner.links, inner.messages


class Transactions:
    """Units of work: commits that fail, commits that succeed and are never heard of."""

    def __init__(
        self,
        units: OpenUnitOfWork,
        schedule: Schedule,
        unit: Callable[[UnitOfWork], Unit],
        committed: Callable[[EventRef, Task], None],
    ) -> None:
        self._units, self._schedule = units, schedule
        self._unit, self._committed = unit, committed

    @asynccontextmanager
    async def __call__(self, merchant_id: UUID) -> AsyncIterator[UnitOfWork]:
        schedule = self._schedule
        await at("begins")
        task_of(schedule).looked = schedule.steps
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


class Network:
    """The Payments port, with a network between us and Stripe."""

    def __init__(self, stripe: Stripe, schedule: Schedule, watch: Watch) -> None:
        self._stripe, self._schedule, self._watch = stripe, schedule, watch
        self.is_down = False
        self.beside: Callable[[str, str], None] = lambda account, invoice_id: None

    async def read_invoice(self, account: str, invoice_id: str) -> Invoice | None:
        await at(f"reads {invoice_id}")
        self._refuse()
        invoice = self._stripe.show(account, invoice_id)
        task_of(self._schedule).seen = invoice
        await at("has read")
        return invoice

    async def stop_stripe_retries(
        self, account: str, invoice_id: str, *, idempotency_key: str
    ) -> None:
        await at(f"stops retries {invoice_id}")
        self._refuse()
        self._stripe.stop_retries(account, invoice_id)
        await at("stopped retries")

    async def pay_invoice(self, account: str, invoice_id: str, *, idempotency_key: str) -> Outcome:
        call = (account, invoice_id, idempotency_key)
        self._watch.paying(*call, task_of(self._schedule))
        if self._schedule.chance_of(self._schedule.weather.meddle):
            self.beside(account, invoice_id)
        try:
            await at(f"pays {idempotency_key}")
        except Crashed:
            self._perhaps_lands(call)
            raise
        outcome = self._answer(call)
        await at(f"answered {type(outcome).__name__}")
        return outcome

    def _refuse(self) -> None:
        if self.is_down or self._schedule.chance_of(self._schedule.weather.read):
            raise StripeUnavailable("no_answer")

    def _answer(self, call: tuple[str, str, str]) -> Outcome:
        schedule = self._schedule
        if self.is_down:
            return self._nothing(call, "no_answer")
        if not schedule.chance_of(schedule.weather.charge):
            return self._land(call)
        match schedule.pick("before", "after", "late", "stumbles", "busy"):
            case "before":
                return self._nothing(call, "timeout")
            case "after":
                self._land(call)
                return Unknown(reason="timeout")
            case "late":
                schedule.after(schedule.within(0, LATEST_EFFECT_S), lambda: self._land(call))
                return Unknown(reason="timeout")
            case "stumbles":
                self._stripe.stumble(call[0], call[2])
                return self._nothing(call, "http_500")
            case _:
                return self._nothing(call, "rate_limit")

    def _perhaps_lands(self, call: tuple[str, str, str]) -> None:
        """Whoever called is dead; what is on its way may arrive all the same."""
        if self._schedule.chance_of(0.5):
            delay = self._schedule.within(0, LATEST_EFFECT_S)
            self._schedule.after(delay, lambda: self._land(call))
        else:
            self._watch.landed(*call)

    def _land(self, call: tuple[str, str, str]) -> Outcome:
        self._watch.landed(*call)
        return self._stripe.charge(*call, requested=True)

    def _nothing(self, call: tuple[str, str, str], reason: str) -> Outcome:
        self._watch.landed(*call)
        return Unknown(reason=reason)


class Post:
    """The Mailer port. `deliver` is what becomes of a letter that was taken."""

    def __init__(self, schedule: Schedule, deliver: Callable[[Letter, Task], None]) -> None:
        self._schedule, self._deliver = schedule, deliver
        self.server = MemoryMailer()

    async def send(self, letter: Letter) -> None:
        await at(f"mails {letter.message_id}")
        if self._schedule.chance_of(self._schedule.weather.mail):
            raise MailDeferred("421")
        await self.server.send(letter)
        self._deliver(letter, task_of(self._schedule))
        await at("mailed")


class SlowInbox:
    """The Inbox port with a network between."""

    def __init__(self, inner: Inbox) -> None:
        self._inner = inner

    async def claim(self, limit: int, lease: timedelta) -> tuple[EventRef, ...]:
        refs = await self._inner.claim(limit, lease)
        await at(f"claimed {len(refs)} events")
        return refs

    async def renew(self, refs: tuple[EventRef, ...], lease: timedelta) -> None:
        await self._inner.renew(refs, lease)
        await at("renewed")

    async def read(self, ref: EventRef) -> WaitingEvent | None:
        waiting = await self._inner.read(ref)
        await at(f"event {ref.event_id}")
        return waiting

    async def failed(self, ref: EventRef, error: str, most_tries: int) -> bool:
        await at(f"failed: {error}")
        return await self._inner.failed(ref, error, most_tries)


class SlowActions:
    """The ActionQueue port with a network between."""

    def __init__(self, inner: ActionQueue) -> None:
        self._inner = inner

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[DueAction, ...]:
        due = await self._inner.claim(now, limit, lease)
        await at(f"claimed {len(due)} actions")
        return due

    async def postpone(self, waits: tuple[tuple[ActionRef, timedelta], ...]) -> None:
        await self._inner.postpone(waits)
        await at(f"postponed {len(waits)}")

    async def renew(self, refs: tuple[ActionRef, ...], lease: timedelta) -> None:
        await self._inner.renew(refs, lease)
        await at("renewed")

    async def read(self, ref: ActionRef) -> ScheduledAction | None:
        action = await self._inner.read(ref)
        await at(f"action {action.kind if action else 'gone'}")
        return action

    async def failed(self, ref: ActionRef, error: str, most_tries: int) -> bool:
        await at(f"failed: {error}")
        return await self._inner.failed(ref, error, most_tries)


class Doorbell:
    """The JobQueue port: batches that come late, twice or never. `ring` starts a worker on one."""

    def __init__(self, schedule: Schedule, ring: Callable[[], None]) -> None:
        self.queue = MemoryJobQueue()
        self._schedule, self._ring = schedule, ring

    async def send_events(self, refs: tuple[EventRef, ...]) -> None:
        for _ in range(self._times()):
            await self.queue.send_events(refs)
        await at(f"rang for {len(refs)} events")

    async def send_actions(self, refs: tuple[ActionRef, ...]) -> None:
        for _ in range(self._times()):
            await self.queue.send_actions(refs)
        await at(f"rang for {len(refs)} actions")

    async def waiting(self) -> int:
        await at("asks the queue")
        return await self.queue.waiting()

    def _times(self) -> int:
        schedule, weather = self._schedule, self._schedule.weather
        if schedule.chance_of(weather.lost):
            return 0
        times = 2 if schedule.chance_of(weather.doubled) else 1
        for _ in range(times):
            late = schedule.chance_of(weather.late)
            schedule.after(schedule.within(0, 900 if late else 1), self._ring)
        return times
