"""ProcessEvent: an inbox row becomes a signal, the signal commands, the commands a change."""

from dataclasses import dataclass
from uuid import UUID

from application.case_ids import case_id_for, origin_of
from application.change_case import CaseRef, Cases, Change
from application.errors import Unavailable
from application.ports.conveyor import Inbox
from application.ports.payments import Payments, StripeEvents
from application.ports.stores import EventRef
from domain.invoice import Customer, Invoice
from domain.recovery import commands as c
from domain.recovery.events import Payer, StopReason
from domain.recovery.signals import (
    CustomerDeleted,
    CustomerSignal,
    Disconnected,
    DisputeSignal,
    InvoiceNews,
    InvoiceSignal,
    Origin,
    RefundSignal,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
    after_settlement,
    card_news,
    changes_of,
    commands_for,
    commands_of,
    needs_reading,
    settled,
)
from domain.recovery.transitions import Phase


class PaymentUnseen(Unavailable):
    """Money went back of which we do not know yet that it came. The row waits."""


OfMany = CustomerDeleted | SubscriptionEnded | SubscriptionPaused | SubscriptionResumed


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
        signal = self.events.signal(waiting.raw)
        match signal:
            case InvoiceSignal():
                await self._invoice(ref, signal)
            case CustomerSignal():
                await self._cards(ref, signal)
            case RefundSignal() | DisputeSignal():
                await self._money_back(ref, signal)
            case Disconnected():
                await self._disconnected(ref, signal)
            case None:
                await self._done(ref)
            case _:
                await self._all(ref, commands_of(signal), await self._concerned(ref, signal))
                await self._done(ref)

    async def _invoice(self, ref: EventRef, signal: InvoiceSignal) -> None:
        case_id = case_id_for(ref.account, signal.invoice_id)
        origin = origin_of(signal, case_id)
        commands, customer = settled(signal, origin), None
        if needs_reading(signal.news):
            invoice = await self.payments.read_invoice(ref.account, signal.invoice_id)
            customer = invoice.customer if invoice else None
            commands = _commands(ref.account, invoice, origin, signal.news)
        await self._apply(ref, case_id, commands, customer=customer, last=True)

    async def _cards(self, ref: EventRef, signal: CustomerSignal) -> None:
        async with self.cases.open_uow(ref.merchant_id) as uow:
            case_ids = await uow.cases.of_customer(ref.account, signal.customer_id)
        for case_id in case_ids:
            case = await self.cases.read(CaseRef(ref.merchant_id, case_id))
            invoice = await self.payments.read_invoice(ref.account, case.invoice_id)
            customer = invoice.customer if invoice else None
            await self._apply(ref, case_id, _news_of_card(invoice, signal), customer=customer)
        await self._done(ref)

    async def _money_back(self, ref: EventRef, signal: RefundSignal | DisputeSignal) -> None:
        """Of a payment that no invoice asked for there is nothing to write down."""
        invoice_id = signal.invoice_id
        if invoice_id is None and signal.payment_intent_id is not None:
            intent = signal.payment_intent_id
            invoice_id = await self.payments.invoice_of(ref.account, intent)
        if invoice_id is None:
            await self._done(ref)
            return
        case_id = case_id_for(ref.account, invoice_id)
        payment = await self._payment_before(ref, invoice_id, signal)
        await self._apply(ref, case_id, (*payment, *commands_of(signal)), last=True)

    async def _payment_before(
        self, ref: EventRef, invoice_id: str, signal: RefundSignal | DisputeSignal
    ) -> tuple[c.Command, ...]:
        """What goes back had come before: a payment whose own event is late is told first.

        Raises PaymentUnseen while a charge of ours is on its way, whose answer says who paid, and
        where a part went back of an invoice that is still to be paid.
        """
        case = await self.cases.read(CaseRef(ref.merchant_id, case_id_for(ref.account, invoice_id)))
        if case.phase is Phase.NEW or case.is_paid:
            return ()
        if case.in_flight is not None:
            raise PaymentUnseen("a charge is on its way")
        invoice = await self.payments.read_invoice(ref.account, invoice_id)
        if invoice is None:
            return (c.StopCase(reason=StopReason.GONE),)
        payment = after_settlement(invoice, Origin(by=Payer.STRIPE))
        if not payment and case.is_open and isinstance(signal, RefundSignal):
            raise PaymentUnseen("the invoice is open")
        return payment

    async def _disconnected(self, ref: EventRef, signal: Disconnected) -> None:
        """A page of open cases at a time: those that have been stopped are not open any more."""
        stopped: frozenset[UUID] = frozenset()
        while True:
            async with self.cases.open_uow(ref.merchant_id) as uow:
                case_ids = await uow.cases.of_account(ref.account)
            if stopped.issuperset(case_ids):
                break
            await self._all(ref, commands_of(signal), case_ids)
            stopped |= frozenset(case_ids)
        await self._done(ref)

    async def _concerned(self, ref: EventRef, signal: OfMany) -> tuple[UUID, ...]:
        async with self.cases.open_uow(ref.merchant_id) as uow:
            if isinstance(signal, CustomerDeleted):
                return await uow.cases.of_customer(ref.account, signal.customer_id)
            return await uow.cases.of_subscription(ref.account, signal.subscription_id)

    async def _all(
        self, ref: EventRef, commands: tuple[c.Command, ...], case_ids: tuple[UUID, ...]
    ) -> None:
        for case_id in case_ids:
            await self._apply(ref, case_id, commands)

    async def _apply(
        self,
        ref: EventRef,
        case_id: UUID,
        commands: tuple[c.Command, ...],
        *,
        customer: Customer | None = None,
        last: bool = False,
    ) -> None:
        change = Change(
            commands=commands,
            actor=f"stripe:{ref.event_id}",
            at=self.cases.clock(),
            handled=ref if last else None,
            customer=customer,
        )
        await self.cases.apply(CaseRef(ref.merchant_id, case_id), change)

    async def _done(self, ref: EventRef) -> None:
        async with self.cases.open_uow(ref.merchant_id) as uow:
            await uow.inbox.handled(ref)


def _commands(
    account: str, invoice: Invoice | None, origin: Origin, news: InvoiceNews
) -> tuple[c.Command, ...]:
    if invoice is None:
        return (c.StopCase(reason=StopReason.GONE),)
    if news is InvoiceNews.CHANGED:
        return changes_of(invoice, origin)
    return commands_for(account, invoice, origin)


def _news_of_card(invoice: Invoice | None, signal: CustomerSignal) -> tuple[c.Command, ...]:
    """What a change of a customer's cards means for one open case."""
    if invoice is None:
        return (c.StopCase(reason=StopReason.GONE),)
    return card_news(invoice, signal, Origin(by=Payer.STRIPE))
