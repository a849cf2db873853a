"""ReconcileAttempt: ask Stripe what became of a charge whose outcome we do not know."""

from dataclasses import dataclass

from application.change_case import CaseRef, Cases
from application.charging import Charging
from application.ports.conveyor import ScheduledAction
from application.ports.payments import Payments
from domain.invoice import Invoice
from domain.recovery import commands as c
from domain.recovery.case import InFlight, RecoveryCase
from domain.recovery.events import Payer, StopReason
from domain.recovery.signals import Origin, after_settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileAttempt:
    """First read; only while the invoice is open and nothing is seen, send the same key again.

    The same key cannot charge twice: if the first call did charge, Stripe repeats its answer.
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
        evidence = _evidence(case, case.in_flight, invoice)
        if evidence:
            await self.cases.change(ref, *evidence)
        else:
            await self.charging.send(ref)


def _evidence(
    case: RecoveryCase, flight: InFlight, invoice: Invoice | None
) -> tuple[c.Command, ...]:
    """What Stripe's own record says about the attempt; empty if it says nothing."""
    if invoice is None:
        return (c.StopCase(reason=StopReason.GONE),)
    # Stripe's instants are whole seconds.
    started_at = flight.started_at.replace(microsecond=0)
    ours = invoice.paid_at is not None and invoice.paid_at >= started_at
    origin = Origin(by=Payer.STRIPE)
    if ours:
        origin = Origin(by=Payer.CHARGECHASE, attempt=flight.number)
    ended = after_settlement(invoice, origin)
    if ended:
        return ended
    if invoice.processing:
        return (c.RecordUnclear(attempt=flight.number),)
    failure = invoice.last_failure
    if failure and failure.at >= started_at and failure.charge_id not in case.seen_charges:
        return (c.RecordDecline(failure=failure, by=Payer.CHARGECHASE, attempt=flight.number),)
    return ()
