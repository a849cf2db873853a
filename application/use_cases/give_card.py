"""GiveCard: the customer gives another card on Stripe's own page; what they owe is charged to it at
once."""

from dataclasses import dataclass

from application.case_ids import card_page_key
from application.change_case import CaseRef, Cases, Change
from application.owed import owed_with
from application.ports.payments import Payments
from application.ports.renewals import Renewals
from domain.recovery.events import CardSource
from domain.recovery.signals import card_news

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveCard:
    """For the customer who clicked. Both raise StripeUnavailable."""

    cases: Cases
    payments: Payments
    renewals: Renewals

    async def page(self, ref: CaseRef, address: str) -> str | None:
        """Where to send them; they come back to `address`. None if nothing is owed that a card
        could pay, or this account has no such page. Two clicks within a minute open one page."""
        debts = await owed_with(self.cases, ref)
        case = debts[0].case if debts else None
        if case is None or case.outstanding or case.customer_id is None:
            return None
        key = card_page_key(address, self.cases.clock())
        return await self.renewals.card_page(
            case.account, case.customer_id, address, idempotency_key=key
        )

    async def given(self, ref: CaseRef) -> None:
        """They are back: what lies in the slots now is looked at without waiting for Stripe's word.
        A card that is new is charged by the next worker; else nothing changes."""
        for debt in await owed_with(self.cases, ref):
            invoice = await self.payments.read_invoice(debt.case.account, debt.case.invoice_id)
            if invoice is None:
                continue
            news = card_news(invoice, CardSource.CUSTOMER)
            change = Change(
                commands=news, actor=CUSTOMER, at=self.cases.clock(), customer=invoice.customer
            )
            await self.cases.apply(debt.ref, change)
