"""RunAttempt: read the invoice, commit the intent, charge, record the outcome."""

from dataclasses import dataclass

from msgspec.structs import replace

from application.case_ids import slot_key
from application.change_case import CaseRef, Cases
from application.charging import Charging
from application.ports.conveyor import ScheduledAction
from application.ports.payments import Payments
from domain.invoice import Invoice
from domain.network import CardUse
from domain.recovery import commands as c
from domain.recovery.events import AttemptStarted, Payer, StopReason
from domain.recovery.signals import Origin, after_settlement
from domain.recovery.state import RecoveryCase


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAttempt:
    """A planned charge is due. Paid, voided or superseded meanwhile is the usual case, no error."""

    cases: Cases
    payments: Payments
    charging: Charging

    async def __call__(self, action: ScheduledAction) -> None:
        ref = CaseRef(action.ref.merchant_id, action.case_id)
        case = await self.cases.read(ref)
        if not case.is_open:
            return
        invoice = await self.payments.read_invoice(case.account, case.invoice_id)
        if invoice is not None and invoice.last_failure is not None:
            # A decline whose event has not come yet counts all the same, and may change the plan.
            heard = c.RecordDecline(failure=invoice.last_failure, by=Payer.STRIPE)
            await self.cases.change(ref, heard)
        if invoice is not None and invoice.belongs_in is not None and invoice.card is not None:
            # Else the next renewal would begin with the refused card again; this charge would not.
            key = slot_key(ref.case_id, invoice.card.payment_method)
            await self.payments.put_in_slot(case.account, invoice, idempotency_key=key)
        shown = await self._by_backup(ref, case, invoice)
        events = await self.cases.change(ref, *await self._commands(ref, action.number, shown))
        if any(isinstance(event, AttemptStarted) for event in events):
            await self.charging.send(ref)

    async def _by_backup(
        self, ref: CaseRef, case: RecoveryCase, invoice: Invoice | None
    ) -> Invoice | None:
        """The invoice with the backup in the place of the card that it stands for, as long as the
        customer's word stands and the card is still theirs. It is put in no slot: the word was for
        what is owed, not for the next renewal."""
        if invoice is None or case.beside is None or case.card is None or case.customer_id is None:
            return invoice
        if invoice.card is not None and invoice.card.differs_from(case.beside):
            return invoice  # they have given another one
        async with self.cases.open_uow(ref.merchant_id) as uow:
            standing = await uow.consents.standing(ref.case_id)
        method = case.card.payment_method
        if all(consent.card.payment_method != method for consent in standing):
            return invoice
        held = await self.payments.cards_of(case.account, case.customer_id)
        if all(card.payment_method != method for card in held):
            return invoice
        return replace(invoice, card=case.card, belongs_in=None)

    async def _commands(
        self, ref: CaseRef, number: int, invoice: Invoice | None
    ) -> tuple[c.Command, ...]:
        if invoice is None:
            return (c.StopCase(reason=StopReason.GONE),)
        ended = after_settlement(invoice, Origin(by=Payer.STRIPE))
        if ended:
            return ended
        use = await self._card_use(ref, invoice)
        return (c.BeginAttempt(number=number, invoice=invoice, use=use),)

    async def _card_use(self, ref: CaseRef, invoice: Invoice) -> CardUse:
        if invoice.card is None:
            return CardUse()
        async with self.cases.open_uow(ref.merchant_id) as uow:
            return await uow.cases.card_use(
                invoice.card.fingerprint, invoice.amount_remaining_minor, self.cases.clock()
            )
