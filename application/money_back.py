"""Money that goes back, or may: refunds, disputes, warnings of fraud."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from application.case_ids import case_id_for
from application.errors import Unavailable
from application.event_effects import GONE, Commands, EventEffects
from application.ports.payments import Payments
from application.ports.stores import EventRef
from domain.invoice import Invoice, InvoiceStatus
from domain.recovery import commands as c
from domain.recovery.events import DisputeState, Payer, StopReason
from domain.recovery.signals import (
    DisputeSignal,
    FraudWarning,
    Origin,
    RefundSignal,
    after_settlement,
    commands_of,
)
from domain.recovery.transitions import Phase

Return = RefundSignal | DisputeSignal
# How long the news of a payment may take: Stripe tries for three days to deliver it.
# Source: docs.stripe.com/webhooks (retries).
TOLD_WITHIN: Final = timedelta(days=3, hours=1)


class PaymentUnseen(Unavailable):
    """Money went back of which we do not know yet that it came. The row waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyBack:
    """Of a payment that no invoice asked for there is nothing to write down."""

    effects: EventEffects
    payments: Payments

    async def __call__(self, ref: EventRef, signal: Return | FraudWarning) -> None:
        """Write it down, and leave a customer in peace who disputes."""
        invoice_id = await self._invoice_id(ref, signal)
        if invoice_id is None:
            await self.effects.done(ref)
            return
        await self._leave_in_peace(ref, invoice_id, signal)
        if isinstance(signal, FraudWarning):
            await self.effects.done(ref)
            return
        payment = await self._payment_before(ref, invoice_id, signal)
        case_id = case_id_for(ref.account, invoice_id)
        await self.effects.apply(ref, case_id, (*payment, *commands_of(signal)), last=True)

    async def _invoice_id(self, ref: EventRef, signal: Return | FraudWarning) -> str | None:
        if signal.invoice_id is not None or signal.payment_intent_id is None:
            return signal.invoice_id
        return await self.payments.invoice_of(ref.account, signal.payment_intent_id)

    async def _leave_in_peace(
        self, ref: EventRef, invoice_id: str, signal: Return | FraudWarning
    ) -> None:
        """Stop chasing the other debts of whoever disputes this one; after a warning, this too."""
        stop = _stop(signal)
        if not stop:
            return
        own = case_id_for(ref.account, invoice_id)
        case = await self.effects.case(ref, own)
        customer_id = case.customer_id
        if case.phase is Phase.NEW:
            invoice = await self.payments.read_invoice(ref.account, invoice_id)
            customer = invoice.customer if invoice else None
            customer_id = customer.customer_id if customer else None
        chased = await self.effects.of_customer(ref, customer_id)
        warned = isinstance(signal, FraudWarning)
        others = tuple(case_id for case_id in chased if warned or case_id != own)
        await self.effects.stop(ref, stop, others)

    async def _payment_before(self, ref: EventRef, invoice_id: str, signal: Return) -> Commands:
        """What goes back had come before: a payment whose own event is late is told first.

        Raises PaymentUnseen while a charge of ours is on its way, whose answer says who paid; while
        the payment's own news, which says it too, may still come; and where a part went back of an
        invoice that is still to be paid.
        """
        case = await self.effects.case(ref, case_id_for(ref.account, invoice_id))
        if case.phase is Phase.NEW or case.is_paid:
            return ()
        if case.in_flight is not None:
            raise PaymentUnseen("a charge is on its way")
        invoice = await self.payments.read_invoice(ref.account, invoice_id)
        if invoice is None:
            return GONE
        if self._may_be_told(invoice):
            raise PaymentUnseen("the news of the payment is on its way")
        payment = after_settlement(invoice, Origin(by=Payer.STRIPE))
        if not payment and case.is_open and isinstance(signal, RefundSignal):
            raise PaymentUnseen("the invoice is open")
        return payment

    def _may_be_told(self, invoice: Invoice) -> bool:
        if invoice.status is not InvoiceStatus.PAID or invoice.paid_at is None:
            return False
        return self.effects.cases.clock() < invoice.paid_at + TOLD_WITHIN


def _stop(signal: Return | FraudWarning) -> Commands:
    """What is asked of the customer's other cases."""
    match signal:
        case FraudWarning():
            return commands_of(signal)
        case DisputeSignal() if signal.state is not DisputeState.WON:
            return (c.StopCase(reason=StopReason.DISPUTED),)
        case _:
            return ()
