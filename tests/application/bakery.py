"""A bakery on ChargeChase: the real use-cases over memory, a bank that is told what to answer."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from adapters.email.brief import BriefTexts
from adapters.email.render import JinjaLetters
from adapters.memory.conveyor import MemoryActionQueue, MemoryInbox, MemoryIntake
from adapters.memory.mailer import MemoryMailer
from adapters.memory.payments import MemoryPayments
from adapters.memory.registration import MemoryRegistration
from adapters.memory.registry import MemoryRegistry
from adapters.memory.texter import MemoryTexter
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from adapters.phones import read_mobile
from adapters.stripe.events import read_envelope
from application.case_ids import case_id_for
from application.change_case import CaseRef, Cases
from application.charging import Charging
from application.customer_links import CustomerLinks
from application.errors import Unavailable
from application.mail_gate import MailGate
from application.ports.conveyor import IncomingEvent
from application.ports.payments import Outcome, Shown
from application.ports.registration import NewMerchant
from application.ports.stores import ActionRef, EventRef
from application.ports.unit_of_work import UnitOfWork
from application.texting import Texting
from application.use_cases.close_case import CloseCase
from application.use_cases.end_case import EndCase
from application.use_cases.process_event import ProcessEvent
from application.use_cases.reconcile_attempt import ReconcileAttempt
from application.use_cases.resume_case import ResumeCase
from application.use_cases.run_attempt import RunAttempt
from application.use_cases.send_reminder import SendReminder
from application.use_cases.take_over_retries import TakeOverRetries
from application.work import CarryOut, Errand
from domain.invoice import Invoice
from domain.policy import Policy
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from domain.recovery.case import replay
from domain.recovery.signals import InvoiceNews, InvoiceSignal, Signal
from domain.recovery.state import RecoveryCase
from tests.builders import ACCOUNT, MONDAY, a_policy, an_invoice, declined

MOST_ROUNDS = 500
A_MOMENT = timedelta(seconds=4)
BEFORE_CHARGE = "before the charge"
COMMITTED = "after its commit"
Pay = Callable[[str], Awaitable[Outcome]]  # by idempotency key
Beside = Callable[[Pay, str], Awaitable[Outcome]]
FAILED = InvoiceSignal(invoice_id="in_1", news=InvoiceNews.FAILED)


class Letterbox:
    """Events as Stripe's adapter would read them: what was put in under these bytes."""

    def __init__(self) -> None:
        self._signals: dict[bytes, Signal | None] = {}

    def put(self, signal: Signal | None) -> bytes:
        """The bytes that mean this."""
        raw = f"event {len(self._signals)}".encode()
        self._signals[raw] = signal
        return raw

    def signal(self, raw: bytes, shown: Shown | None = None) -> Signal | None:
        return self._signals[raw]


class Bank(MemoryPayments):
    """A bank in memory, and somebody who stands beside it and meddles."""

    def __init__(self, clock: Callable[[], datetime], watch: Callable[[str], None]) -> None:
        super().__init__(clock)
        self.beside: Beside | None = None
        self._watch = watch

    async def pay_invoice(
        self,
        account: str,
        invoice_id: str,
        *,
        idempotency_key: str,
        payment_method: str | None = None,
    ) -> Outcome:
        async def pay(key: str) -> Outcome:
            return await MemoryPayments.pay_invoice(
                self, account, invoice_id, idempotency_key=key, payment_method=payment_method
            )

        self._watch(BEFORE_CHARGE)
        outcome = await (self.beside(pay, idempotency_key) if self.beside else pay(idempotency_key))
        self._watch("after the charge")
        return outcome

    def forget_everything(self) -> None:
        """No invoice was ever known."""
        self._invoices.clear()


class Bakery:
    """One merchant, one invoice of 29 euros, one clock. What is due is done when it is due."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.now = MONDAY
        self.policy = policy or a_policy()
        self.merchant_id = uuid4()
        self.world = MemoryWorld(wall=lambda: self.now)
        self.watch: Callable[[str], None] = lambda step: None
        self.units_open = 0
        self.payments = Bank(lambda: self.now, self._watched)
        self.mailer, self.texter = MemoryMailer(), MemoryTexter()
        self.gate = MailGate(count=lambda why: self.held.append(why.value))
        self.held: list[str] = []
        self.letterbox = Letterbox()
        self._units = units_of_work(self.world)
        self.cases = Cases(open_uow=self._open_uow, clock=lambda: self.now)
        self.outcomes: list[str] = []
        self.ref = CaseRef(self.merchant_id, case_id_for(ACCOUNT, "in_1"))
        self.inbox, self.actions = MemoryInbox(self.world), MemoryActionQueue(self.world)
        self.charging = Charging(
            cases=self.cases, payments=self.payments, count=self.outcomes.append
        )
        self.process = ProcessEvent(
            cases=self.cases, inbox=self.inbox, events=self.letterbox, payments=self.payments
        )
        self.carry_out = CarryOut(
            actions=self.actions, by_kind=self._use_cases(), clock=lambda: self.now
        )

    def _watched(self, step: str) -> None:
        self.watch(step)

    @asynccontextmanager
    async def _open_uow(self, merchant_id: UUID) -> AsyncIterator[UnitOfWork]:
        self.watch("before a transaction")
        async with self._units(merchant_id) as uow:
            self.units_open += 1
            try:
                yield uow
                self.watch("before its commit")
            finally:
                self.units_open -= 1
        self.watch(COMMITTED)

    def _use_cases(self) -> dict[ActionKind, Errand]:
        cases, payments, charging = self.cases, self.payments, self.charging
        return {
            ActionKind.TAKE_OVER: TakeOverRetries(cases=cases, payments=payments),
            ActionKind.ATTEMPT: RunAttempt(cases=cases, payments=payments, charging=charging),
            ActionKind.RECONCILE: ReconcileAttempt(
                cases=cases, payments=payments, charging=charging
            ),
            ActionKind.REMINDER: SendReminder(
                cases=cases,
                payments=payments,
                registry=MemoryRegistry(self.world, lambda: self.now),
                mailer=self.mailer,
                renderer=JinjaLetters(),
                new_token=lambda: uuid4().hex,
                links=CustomerLinks("https://bakery.example.com"),
                mail_domain="bakery.example.com",
                texting=self.texting(),
                gate=self.gate,
            ),
            ActionKind.RESUME: ResumeCase(cases=cases),
            ActionKind.CLOSE: CloseCase(cases=cases, payments=payments),
            ActionKind.END: EndCase(cases=cases, payments=payments),
        }

    def texting(self) -> Texting:
        """What is needed to text."""
        return Texting(
            texter=self.texter,
            renderer=BriefTexts(),
            read_mobile=read_mobile,
            base_url="https://bakery.example.com",
        )

    async def opens(self, **invoice: Any) -> "Bakery":
        """Connect, and hear that an invoice failed."""
        await MemoryRegistration(self.world, lambda: self.now).register(
            NewMerchant(
                merchant_id=self.merchant_id,
                name="The Bakery",
                timezone="Europe/Berlin",
                reply_to="bread@example.com",
                user_id=uuid4(),
                email="baker@example.com",
                password_hash="-",
                account=ACCOUNT,
                livemode=False,
                own=True,
                policy=self.policy,
            )
        )
        failure = declined(charge="ch_first")
        self.shows(an_invoice(**{"last_failure": failure, **invoice}))
        await self.hears(FAILED)
        return self

    def shows(self, invoice: Invoice) -> None:
        """What Stripe shows from now on."""
        self.payments.put(ACCOUNT, invoice)

    async def shown(self) -> Invoice:
        """What Stripe shows now."""
        invoice = await self.payments.read_invoice(ACCOUNT, "in_1")
        assert invoice is not None
        return invoice

    async def keeps(self, signal: Signal | None) -> EventRef:
        """An event arrives and waits."""
        event_id = f"evt_{len(self.world.inbox) + 1}"
        raw = self.letterbox.put(signal)
        event = IncomingEvent(
            event_id=event_id, account=ACCOUNT, livemode=False, type="invoice", raw=raw
        )
        return await self._keep(event)

    async def keeps_raw(self, raw: bytes) -> EventRef:
        """An event arrives as Stripe sent it, and waits."""
        return await self._keep(read_envelope(raw))

    async def _keep(self, event: IncomingEvent) -> EventRef:
        await MemoryIntake(self.world).keep(event)
        return EventRef(self.merchant_id, ACCOUNT, event.event_id)

    async def hears(self, signal: Signal | None) -> EventRef:
        """An event arrives and is handled."""
        ref = await self.keeps(signal)
        await self.process(ref)
        return ref

    async def hears_all(self, *signals: Signal) -> None:
        """These arrive; one that cannot be handled yet waits, and is tried again after the rest."""
        refs = [await self.keeps(signal) for signal in signals]
        for _ in range(2):
            for ref in refs:
                with contextlib.suppress(Unavailable):
                    await self.process(ref)

    async def due(self) -> ActionRef | None:
        """The next action's row, whether its time has come or not."""
        held = self.world.actions.get((self.merchant_id, self.ref.case_id))
        return held.ref if held else None

    async def does_what_is_next(self) -> ActionKind | None:
        """Let time pass until it is due and a moment more, and do it; None if nothing is."""
        ref = await self.due()
        if ref is None:
            return None
        action = await self.actions.read(ref)
        assert action is not None
        self.now = max(self.now, action.due_at + A_MOMENT)
        await self.carry_out(ref)
        return action.kind

    async def runs_until(self, until: datetime) -> None:
        """Do all that becomes due until then."""
        for _ in range(MOST_ROUNDS):
            ref = await self.due()
            action = await self.actions.read(ref) if ref else None
            if action is None or action.due_at > until:
                break
            await self.does_what_is_next()
        else:
            raise AssertionError("it never ends")
        self.now = max(self.now, until)

    def history(self) -> tuple[e.Event, ...]:
        """All that happened in the case."""
        held = self.world.cases.get((self.merchant_id, self.ref.case_id))
        return held.events if held else ()

    def case(self) -> RecoveryCase:
        """How it stands."""
        return replay(self.history())

    def kinds(self) -> list[type[e.Event]]:
        """The events by their names."""
        return [type(event) for event in self.history()]

    def captured(self) -> int:
        """How often the bank really took the money."""
        return sum(charge.paid for charge in self.payments.charges)

    @property
    def case_id(self) -> UUID:
        return self.ref.case_id
