"""EndCase: what the policy wants in Stripe once a case is lost."""

from dataclasses import dataclass

from application.capabilities import EndInStripe
from application.case_ids import end_key
from application.change_case import CaseRef, Cases
from application.ports.conveyor import ScheduledAction
from application.ports.payments import Ending, Payments
from domain.invoice import Invoice, InvoiceStatus
from domain.policy import EndAction
from domain.recovery import commands as c
from domain.recovery.events import EndResult, Payer
from domain.recovery.signals import Origin, after_settlement

UNPAID = (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCase:
    """Looks once more: nobody's subscription is cancelled over an invoice that has been paid."""

    cases: Cases
    payments: Payments

    async def __call__(self, action: ScheduledAction) -> None:
        ref = CaseRef(action.ref.merchant_id, action.case_id)
        case = await self.cases.read(ref)
        if case.is_open or case.then is EndAction.KEEP or case.end_waits:
            return
        invoice = await self.payments.read_invoice(case.account, case.invoice_id)
        if invoice is None or invoice.status not in UNPAID:
            settled = after_settlement(invoice, Origin(by=Payer.STRIPE)) if invoice else ()
            await self.cases.change(ref, *settled, _too_late(invoice))
            return
        ending = Ending(
            action=case.then, invoice_id=case.invoice_id, subscription_id=case.subscription_id
        )
        key = end_key(ref.case_id)
        end = EndInStripe(cases=self.cases, payments=self.payments)
        ended = await end(ref, case.account, ending, key)
        told = c.RecordEndAction(result=ended.result, reason=ended.reason)
        await self.cases.change(ref, told)


def _too_late(invoice: Invoice | None) -> c.RecordEndAction:
    reason = f"invoice_{invoice.status}" if invoice else "invoice_gone"
    return c.RecordEndAction(result=EndResult.REFUSED, reason=reason)
