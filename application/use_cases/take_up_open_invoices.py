"""TakeUpOpenInvoices: cases for what the import offered, once the merchant has said yes."""

from dataclasses import dataclass
from typing import Final

from application.case_ids import case_id_for
from application.change_case import CaseRef, Cases, Change
from application.ports.chores import Chore, ChoreStep, Progress
from application.ports.history import OfferedInvoice
from application.ports.payments import Payments
from domain.recovery.events import Payer
from domain.recovery.signals import Origin, commands_for

OFFERS_A_STEP: Final = 20  # two requests each
ACTOR: Final = "take_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUpOpenInvoices:
    """A few offers a step, each read anew: who has paid meanwhile is left alone."""

    payments: Payments
    cases: Cases

    async def __call__(self, chore: Chore) -> Chore:
        merchant_id, account = chore.ref.merchant_id, chore.ref.account
        async with self.cases.open_uow(merchant_id) as uow:
            offers = await uow.past.offers(account, OFFERS_A_STEP)
        opened = 0
        for offer in offers:
            opened += await self._take_up(chore, offer)
        before, now = chore.progress, self.cases.clock()
        step = ChoreStep(
            at=now,
            cursor=None,
            progress=Progress(done=before.done + len(offers), found=before.found + opened),
            over=len(offers) < OFFERS_A_STEP,
        )
        async with self.cases.open_uow(merchant_id) as uow:
            return await uow.chores.save(chore, step)

    async def _take_up(self, chore: Chore, offer: OfferedInvoice) -> bool:
        """Whether a case was opened; the offer is answered either way."""
        ref = CaseRef(chore.ref.merchant_id, case_id_for(offer.account, offer.invoice_id))
        invoice = await self.payments.read_invoice(offer.account, offer.invoice_id)
        happened: tuple[object, ...] = ()
        if invoice is not None:
            commands = commands_for(offer.account, invoice, Origin(by=Payer.STRIPE))
            change = Change(
                commands=commands, actor=ACTOR, at=self.cases.clock(), customer=invoice.customer
            )
            happened = await self.cases.apply(ref, change)
        async with self.cases.open_uow(ref.merchant_id) as uow:
            await uow.past.taken(offer.account, offer.invoice_id)
        return bool(happened)
