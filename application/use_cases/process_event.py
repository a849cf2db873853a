"""ProcessEvent: an inbox row becomes a signal, the signal commands, the commands a change."""

from dataclasses import dataclass
from uuid import UUID

from application.case_ids import case_id_for, origin_of
from application.change_case import CaseRef, Cases, Change
from application.ports.conveyor import Inbox
from application.ports.payments import Payments, StripeEvents
from application.ports.stores import EventRef
from domain.invoice import Customer, Invoice
from domain.recovery import commands as c
from domain.recovery.events import Payer, StopReason
from domain.recovery.signals import (
    CustomerSignal,
    InvoiceSignal,
    Origin,
    SubscriptionEnded,
    after_settlement,
    commands_for,
    needs_reading,
    settled,
)


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
                await self._customer(ref, signal)
            case SubscriptionEnded():
                await self._subscription(ref, signal)
            case None:
                await self._done(ref)

    async def _invoice(self, ref: EventRef, signal: InvoiceSignal) -> None:
        case_id = case_id_for(ref.account, signal.invoice_id)
        origin = origin_of(signal, case_id)
        commands, customer = settled(signal, origin), None
        if needs_reading(signal.news):
            invoice = await self.payments.read_invoice(ref.account, signal.invoice_id)
            customer = invoice.customer if invoice else None
            commands = _commands(ref.account, invoice, origin)
        await self._apply(ref, case_id, commands, customer=customer, last=True)

    async def _customer(self, ref: EventRef, signal: CustomerSignal) -> None:
        async with self.cases.open_uow(ref.merchant_id) as uow:
            case_ids = await uow.cases.of_customer(ref.account, signal.customer_id)
        for case_id in case_ids:
            case = await self.cases.read(CaseRef(ref.merchant_id, case_id))
            invoice = await self.payments.read_invoice(ref.account, case.invoice_id)
            customer = invoice.customer if invoice else None
            await self._apply(ref, case_id, _news_of_card(invoice), customer=customer)
        await self._done(ref)

    async def _subscription(self, ref: EventRef, signal: SubscriptionEnded) -> None:
        async with self.cases.open_uow(ref.merchant_id) as uow:
            case_ids = await uow.cases.of_subscription(ref.account, signal.subscription_id)
        for case_id in case_ids:
            await self._apply(ref, case_id, (c.StopCase(reason=StopReason.CANCELLED),))
        await self._done(ref)

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


def _commands(account: str, invoice: Invoice | None, origin: Origin) -> tuple[c.Command, ...]:
    if invoice is None:
        return (c.StopCase(reason=StopReason.GONE),)
    return commands_for(account, invoice, origin)


def _news_of_card(invoice: Invoice | None) -> tuple[c.Command, ...]:
    """What a change of a customer's cards means for one open case."""
    if invoice is None:
        return (c.StopCase(reason=StopReason.GONE),)
    ended = after_settlement(invoice, Origin(by=Payer.STRIPE))
    if ended or invoice.card is None:
        return ended
    return (c.ReplaceCard(card=invoice.card),)
