"""ReconcileAttempt: ask Stripe what became of a charge whose outcome we do not know."""

from dataclasses import dataclass

from application.change_case import CaseRef, Cases
from application.charging import Charging
from application.ports.conveyor import ScheduledAction
from application.ports.payments import Payments
from domain.invoice import Invoice, InvoiceStatus
from domain.recovery import commands as c
from domain.recovery.events import Payer, StopReason
from domain.recovery.signals import Origin, after_settlement
from domain.recovery.state import InFlight


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileAttempt:
    """First read; then, while the attempt's key is young enough, send it again.

    The same key cannot charge twice: if the first call did charge, Stripe repeats its answer, which
    alone says whose a payment or a refusal was. What the invoice shows may be somebody else's of
    the same second. A bank debit is another matter: the first answer under its key was "on its
    way", for ever, and what the bank says days later stands on the charge alone.
    """

    cases: Cases
    payments: Payments
    charging: Charging

    async def __call__(self, action: ScheduledAction) -> None:
        ref = CaseRef(action.ref.merchant_id, action.case_id)
        case = await self.cases.read(ref)
        if case.in_flight is None:
            return
        invoice = await self.payments.read_invoice(case.account, case.invoice_id)
        young = self.charging.may_send(case.in_flight)
        seen = _seen(case.in_flight, invoice, whose_can_be_asked=young)
        if seen:
            await self.cases.change(ref, *seen)
            return
        failure = invoice.last_failure if invoice is not None else None
        if failure is not None:
            await self.cases.change(ref, c.RecordDecline(failure=failure, by=Payer.STRIPE))
            if case.in_flight.made(failure):
                return
        await self.charging.send(ref)


def _seen(
    flight: InFlight, invoice: Invoice | None, *, whose_can_be_asked: bool
) -> tuple[c.Command, ...]:
    """What Stripe's own record says; empty where the attempt's key is to be asked."""
    if invoice is None:
        return (c.StopCase(reason=StopReason.GONE),)
    if invoice.status is InvoiceStatus.PAID and whose_can_be_asked and not flight.is_debit:
        return ()
    ended = after_settlement(invoice, Origin(by=Payer.STRIPE))
    if ended:
        return ended
    return (c.RecordUnclear(attempt=flight.number),) if invoice.processing else ()
