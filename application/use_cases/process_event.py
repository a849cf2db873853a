"""ProcessEvent: an inbox row becomes a signal, the signal commands, the commands a change."""

from dataclasses import dataclass
from uuid import UUID

from application.case_ids import case_id_for, origin_of
from application.change_case import Cases
from application.event_effects import GONE, EventEffects
from application.money_back import MoneyBack, PaymentUnseen
from application.notices import note
from application.parting import part
from application.ports.chores import ChoreKind
from application.ports.conveyor import Inbox
from application.ports.payments import Payments, Shown, StripeEvents, Untold
from application.ports.stores import EventRef
from application.ports.unit_of_work import UnitOfWork
from domain.recovery.events import CardSource
from domain.recovery.signals import (
    AccountChanged,
    CustomerDeleted,
    CustomerSignal,
    Disconnected,
    DisputeSignal,
    FraudWarning,
    InvoiceSignal,
    MandateEnded,
    Notice,
    PaymentSignal,
    RefundSignal,
    RenewalAhead,
    Signal,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionSignal,
    card_news,
    commands_of,
    may_open,
    needs_reading,
    news_of,
    settled,
)
from domain.recovery.transitions import Phase

__all__ = ["PaymentUnseen", "ProcessEvent"]

MOST_LOOKS = 3  # a refund leads to its charge; nothing leads further
OfMany = (
    CustomerDeleted | SubscriptionEnded | SubscriptionPaused | SubscriptionResumed | MandateEnded
)
ENDING = (CustomerDeleted, SubscriptionEnded)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEvent:
    """The effect and the mark "handled" are one transaction; a doubled job finds the mark."""

    cases: Cases
    inbox: Inbox
    events: StripeEvents
    payments: Payments

    async def __call__(self, ref: EventRef) -> None:
        waiting = await self.inbox.read(ref)
        if waiting is None:
            return
        match await self._heard(ref, waiting.raw):
            case InvoiceSignal() as signal:
                await self._invoice(ref, signal)
            case PaymentSignal() as signal:
                await self._payment(ref, signal)
            case RefundSignal() | DisputeSignal() | FraudWarning() as signal:
                await MoneyBack(effects=self.effects, payments=self.payments)(ref, signal)
            case Notice() as signal:
                await note(self.effects, ref, signal)
            case None | RenewalAhead():
                await self.effects.done(ref)
            case AccountChanged() | Disconnected() as signal:
                await self._account(ref, signal)
            case CustomerSignal() | SubscriptionSignal() as signal:
                await self._cards(ref, signal)
            case signal:
                await self._many(ref, signal)

    @property
    def effects(self) -> EventEffects:
        """What it does to cases."""
        return EventEffects(cases=self.cases, payments=self.payments)

    async def _heard(self, ref: EventRef, raw: bytes) -> Signal | None:
        """The signal, after a look at what the event only names; None if that is gone."""
        heard = self.events.signal(raw)
        for _ in range(MOST_LOOKS):
            if not isinstance(heard, Untold):
                return heard
            body = await self.payments.read_object(ref.account, heard.kind, heard.object_id)
            if body is None:
                return None
            heard = self.events.signal(raw, Shown(untold=heard, body=body))
        raise RuntimeError("a thing leads to another without end")

    async def _invoice(self, ref: EventRef, signal: InvoiceSignal) -> None:
        case_id = case_id_for(ref.account, signal.invoice_id)
        origin = origin_of(signal, case_id)
        commands, customer = settled(signal, origin), None
        if needs_reading(signal.news):
            if not may_open(signal.news) and not await self._is_known(ref, case_id):
                await self.effects.done(ref)
                return
            invoice = await self.payments.read_invoice(ref.account, signal.invoice_id)
            customer = invoice.customer if invoice else None
            commands = GONE
            if invoice is not None:
                commands = news_of(ref.account, invoice, signal.news, origin)
        await self.effects.apply(ref, case_id, commands, customer=customer, last=True)

    async def _is_known(self, ref: EventRef, case_id: UUID) -> bool:
        return (await self.effects.case(ref, case_id)).phase is not Phase.NEW

    async def _payment(self, ref: EventRef, signal: PaymentSignal) -> None:
        """Most payments of a merchant are for no invoice of ours: ask Stripe as late as can be."""
        invoice_id = await self._paid_invoice(ref, signal)
        if invoice_id is None:
            await self.effects.done(ref)
            return
        case = await self.effects.case(ref, case_id_for(ref.account, invoice_id))
        if signal.charge_id is not None and signal.charge_id in case.seen_charges:
            await self.effects.done(ref)
            return
        await self._invoice(ref, signal.of_invoice(invoice_id))

    async def _paid_invoice(self, ref: EventRef, signal: PaymentSignal) -> str | None:
        if signal.invoice_id is not None or signal.payment_intent_id is None:
            return signal.invoice_id
        if not may_open(signal.news) and signal.customer_id is not None:
            chased = await self.effects.of_customer(ref, signal.customer_id)
            if not chased:
                return None
        return await self.payments.invoice_of(ref.account, signal.payment_intent_id)

    async def _cards(self, ref: EventRef, signal: CustomerSignal | SubscriptionSignal) -> None:
        by = signal.by if isinstance(signal, CustomerSignal) else CardSource.CUSTOMER
        for case_id in await self._concerned(ref, signal):
            await self.effects.read_and_apply(ref, case_id, lambda shown: card_news(shown, by))
        await self.effects.done(ref)

    async def _many(self, ref: EventRef, signal: OfMany) -> None:
        case_ids = await self._concerned(ref, signal)
        if isinstance(signal, ENDING):
            await self.effects.stop(ref, commands_of(signal), case_ids)
        else:
            for case_id in case_ids:
                await self.effects.apply(ref, case_id, commands_of(signal))
        await self.effects.done(ref)

    async def _concerned(
        self, ref: EventRef, signal: OfMany | CustomerSignal | SubscriptionSignal
    ) -> tuple[UUID, ...]:
        if isinstance(signal, CustomerDeleted | MandateEnded | CustomerSignal):
            return await self.effects.of_customer(ref, signal.customer_id)
        async with self.cases.open_uow(ref.merchant_id) as uow:
            return await uow.cases.of_subscription(ref.account, signal.subscription_id)

    async def _account(self, ref: EventRef, signal: AccountChanged | Disconnected) -> None:
        """What the account can do is looked at anew; one that left is let go, and all stops."""
        now = self.cases.clock()

        async def look(uow: UnitOfWork) -> None:
            await uow.chores.put(ref.account, ChoreKind.PREFLIGHT, now)

        if isinstance(signal, AccountChanged):
            await self.effects.done(ref, look)
            return
        async with self.cases.open_uow(ref.merchant_id) as uow:
            parted = await part(uow, ref, signal.at, now)
        if parted:
            await self._stop_all(ref, signal)
        await self.effects.done(ref)

    async def _stop_all(self, ref: EventRef, signal: Disconnected) -> None:
        """A page of open cases at a time: those that have been stopped are not open any more."""
        stopped: frozenset[UUID] = frozenset()
        while True:
            async with self.cases.open_uow(ref.merchant_id) as uow:
                case_ids = await uow.cases.of_account(ref.account)
            if stopped.issuperset(case_ids):
                return
            for case_id in case_ids:
                await self.effects.apply(ref, case_id, commands_of(signal))
            stopped |= frozenset(case_ids)
