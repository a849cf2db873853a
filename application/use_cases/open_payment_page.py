"""OpenPaymentPage: Stripe's own page for an invoice, freshly read: such addresses expire."""

from dataclasses import dataclass

from application.change_case import CaseRef, Cases
from application.ports.payments import Payments


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPaymentPage:
    """For the customer who clicked; changes nothing."""

    cases: Cases
    payments: Payments

    async def __call__(self, ref: CaseRef) -> str | None:
        """Where to pay; None if nothing is owed. Raises StripeUnavailable."""
        case = await self.cases.read(ref)
        invoice = await self.payments.read_invoice(case.account, case.invoice_id)
        if invoice is None or not invoice.status.is_payable:
            return None
        return invoice.hosted_url
