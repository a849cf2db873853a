"""CloseCase: the window is over; look once more whether the money came, then end the chase."""

from dataclasses import dataclass

from application.change_case import CaseRef, Cases
from application.ports.conveyor import ScheduledAction
from application.ports.payments import Payments
from domain.recovery import commands as c
from domain.recovery.events import Payer, StopReason
from domain.recovery.signals import Origin, after_settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseCase:
    """A payment whose event never came is recorded here at the latest."""

    cases: Cases
    payments: Payments

    async def __call__(self, action: ScheduledAction) -> None:
        ref = CaseRef(action.ref.merchant_id, action.case_id)
        case = await self.cases.read(ref)
        if not case.is_open:
            return
        invoice = await self.payments.read_invoice(case.account, case.invoice_id)
        if invoice is None:
            await self.cases.change(ref, c.StopCase(reason=StopReason.GONE))
            return
        settled = after_settlement(invoice, Origin(by=Payer.STRIPE))
        await self.cases.change(ref, *(settled or (c.CloseCase(),)))
