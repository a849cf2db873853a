"""The real use-cases beside the whole double, on one clock that moves in steps: nobody waits.

The double retries by itself, as Stripe does; its events are read off its own record as they were
sent, and what is due is done at its own instant.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from adapters.email.render import JinjaLetters
from adapters.memory.conveyor import MemoryActionQueue, MemoryInbox, MemoryIntake
from adapters.memory.mailer import MemoryMailer
from adapters.memory.registration import MemoryRegistration
from adapters.memory.registry import MemoryRegistry
from adapters.memory.unit_of_work import units_of_work
from adapters.memory.world import MemoryWorld
from adapters.stripe.client import StripeConnection
from adapters.stripe.events import StripeEventReader, read_envelope
from adapters.stripe.payments import StripePayments
from application.change_case import Cases
from application.charging import Charging
from application.customer_links import CustomerLinks
from application.ports.registration import NewMerchant
from application.ports.stores import EventRef
from application.use_cases.close_case import CloseCase
from application.use_cases.end_case import EndCase
from application.use_cases.process_event import ProcessEvent
from application.use_cases.reconcile_attempt import ReconcileAttempt
from application.use_cases.resume_case import ResumeCase
from application.use_cases.run_attempt import RunAttempt
from application.use_cases.send_reminder import SendReminder
from application.use_cases.take_over_retries import TakeOverRetries
from application.work import CarryOut
from domain.policy import Policy
from domain.recovery import events as e
from domain.recovery.actions import ActionKind
from rehearsal.clock import RehearsalClock
from rehearsal.stripe_double import DoubleOptions, StripeDouble
from rehearsal.stripe_double.events import body
from tests.stripe_shop import ACCOUNT, access_to

BEGINS_AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
STEP = timedelta(hours=6)


class Product:
    """One merchant's ChargeChase over memory, with the real adapter before its Stripe."""

    def __init__(self, double: StripeDouble, url: str, policy: Policy) -> None:
        self.now, self.double, self.policy = BEGINS_AT, double, policy
        self.merchant_id = uuid4()
        self.world = MemoryWorld(wall=lambda: self.now)
        self.connection = StripeConnection(access_to(url))
        self.payments = StripePayments(self.connection)
        self.mailer = MemoryMailer()
        self.outcomes: list[str] = []
        self._heard = 0
        clock = lambda: self.now  # noqa: E731 - one clock for all of it
        self.cases = Cases(open_uow=units_of_work(self.world), clock=clock)
        self.inbox, self.actions = MemoryInbox(self.world), MemoryActionQueue(self.world)
        self.process = ProcessEvent(
            cases=self.cases, inbox=self.inbox, events=StripeEventReader(), payments=self.payments
        )
        self.carry_out = CarryOut(actions=self.actions, by_kind=self._use_cases(), clock=clock)

    def _use_cases(self) -> dict[ActionKind, Any]:
        shared: dict[str, Any] = {"cases": self.cases, "payments": self.payments}
        charging = Charging(**shared, count=self.outcomes.append)
        return {
            ActionKind.TAKE_OVER: TakeOverRetries(**shared),
            ActionKind.ATTEMPT: RunAttempt(**shared, charging=charging),
            ActionKind.RECONCILE: ReconcileAttempt(**shared, charging=charging),
            ActionKind.REMINDER: SendReminder(
                **shared,
                registry=MemoryRegistry(self.world, lambda: self.now),
                mailer=self.mailer,
                renderer=JinjaLetters(),
                new_token=lambda: uuid4().hex,
                links=CustomerLinks("https://bakery.example.com"),
                mail_domain="bakery.example.com",
            ),
            ActionKind.RESUME: ResumeCase(cases=self.cases),
            ActionKind.CLOSE: CloseCase(**shared),
            ActionKind.END: EndCase(**shared),
        }

    async def connects(self) -> None:
        """The merchant signs up."""
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

    async def lives(self, passed: timedelta) -> None:
        """Time passes on both sides; whatever is due meanwhile is done when it is due."""
        until = self.now + passed
        while self.now < until:
            self.now = min(until, self.now + STEP, self._next_due() or until)
            self.double.world.step_to(self.now.timestamp())
            await self._hear()
            await self._do_what_is_due()

    def histories(self) -> dict[str, tuple[e.Event, ...]]:
        """The history of each case by its invoice."""
        found = dict[str, tuple[e.Event, ...]]()
        for case in self.world.cases.values():
            opened = case.events[0]
            assert isinstance(opened, e.CaseOpened)
            found[opened.invoice_id] = case.events
        return found

    def _next_due(self) -> datetime | None:
        due = [
            held.action.due_at
            for held in self.world.actions.values()
            if held.action.due_at > self.now
        ]
        return min(due, default=None)

    async def _hear(self) -> None:
        events = self.double.world.store.all("event")
        fresh, self._heard = events[self._heard :], len(events)
        for event in fresh:
            incoming = read_envelope(msgspec.json.encode(body(event)))
            incoming = msgspec.structs.replace(incoming, account=ACCOUNT)
            await MemoryIntake(self.world).keep(incoming)
            await self.process(EventRef(self.merchant_id, ACCOUNT, incoming.event_id))

    async def _do_what_is_due(self) -> None:
        for _ in range(20):
            due = [
                held.ref for held in self.world.actions.values() if held.action.due_at <= self.now
            ]
            if not due:
                return
            for ref in due:
                await self.carry_out(ref)
            await self._hear()
        raise AssertionError("what is due is due for ever")


@asynccontextmanager
async def beside_stripe(policy: Policy, scene: dict[str, Any]) -> AsyncIterator[Product]:
    """A product and its Stripe, both at the beginning."""
    clock = RehearsalClock.starting(BEGINS_AT, (0.0, None)).spec()
    double = StripeDouble(DoubleOptions(clock=clock, seed=5, **scene))
    url = await double.start()
    product = Product(double, url, policy)
    try:
        await product.connects()
        yield product
    finally:
        await product.connection.close()
        await double.stop()
