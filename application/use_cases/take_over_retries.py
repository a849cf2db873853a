"""TakeOverRetries: switch Stripe's own retries of one invoice off, so that all charges are ours."""

from dataclasses import dataclass

from application.case_ids import take_over_key
from application.change_case import CaseRef, Cases
from application.ports.conveyor import ScheduledAction
from application.ports.payments import Payments
from domain.recovery.commands import RecordTakeOver


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverRetries:
    """The first action of a case whose invoice Stripe would retry by itself."""

    cases: Cases
    payments: Payments

    async def __call__(self, action: ScheduledAction) -> None:
        ref = CaseRef(action.ref.merchant_id, action.case_id)
        case = await self.cases.read(ref)
        if not case.is_open or case.stripe_retry_at is None:
            return
        key = take_over_key(ref.case_id)
        await self.payments.stop_stripe_retries(case.account, case.invoice_id, idempotency_key=key)
        await self.cases.change(ref, RecordTakeOver())
