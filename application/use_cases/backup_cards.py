"""BackupCards: the customer says, on their page, that another card of theirs may be charged for
what is owed if the one on file is refused; and takes it back."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from msgspec import Struct

from application.change_case import CaseRef, Cases, Change
from application.ports.consents import Consent
from application.ports.payments import Payments, StripeUnavailable
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import UnitOfWork
from domain.expiry import has_expired
from domain.invoice import Card
from domain.recovery import commands as c
from domain.recovery.events import CardSource
from domain.recovery.state import RecoveryCase

MOST: Final = 3  # cards offered


class BackupOffer(Struct, frozen=True, kw_only=True):
    """What the page offers: cards that may be agreed to, and the one that was."""

    offered: tuple[Card, ...] = ()
    agreed: Card | None = None


def choice_of(card: Card) -> str:
    """How a form names a card: nothing of Stripe's stands on the page."""
    return sha256(card.payment_method.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupCards:
    """For the customer who follows their link. The word is for this one bill alone, and is looked
    at again right before the charge."""

    cases: Cases
    payments: Payments

    async def offer(self, ref: CaseRef) -> BackupOffer:
        """Nothing where the policy does not use backups, or while Stripe is away. Changes
        nothing."""
        case = await self.cases.read(ref)
        if not await self._is_used(ref, case) or case.customer_id is None:
            return BackupOffer()
        async with self.cases.open_uow(ref.merchant_id) as uow:
            standing = await uow.consents.standing(ref.case_id)
        if standing:
            return BackupOffer(agreed=standing[0].card)
        try:
            return BackupOffer(offered=await self._others(case, case.customer_id))
        except StripeUnavailable:
            return BackupOffer()

    async def agree(self, ref: CaseRef, choice: str, wording: str) -> bool:
        """Record the word, given to this `wording` of the question, and use it at once if it is
        what the case waits for; False if that card is not offered (any more). Raises
        StripeUnavailable."""
        case = await self.cases.read(ref)
        if not await self._is_used(ref, case) or case.customer_id is None:
            return False
        others = await self._others(case, case.customer_id)
        chosen = next((card for card in others if choice_of(card) == choice), None)
        if chosen is None:
            return False
        consent = Consent(card=chosen, given_at=self.cases.clock(), wording=wording)

        async def first(uow: UnitOfWork) -> None:
            if await uow.consents.give(ref.case_id, consent):
                await uow.audit.add(_entry(ref, consent, "agree_to_backup", consent.given_at))

        command = c.ReplaceCard(card=chosen, by=CardSource.BACKUP)
        change = Change(commands=(command,), actor="customer", at=consent.given_at, first=first)
        await self.cases.apply(ref, change)
        return True

    async def withdraw(self, ref: CaseRef) -> None:
        """From now on none of their cards stands for another."""
        now = self.cases.clock()
        async with self.cases.open_uow(ref.merchant_id) as uow:
            for consent in await uow.consents.standing(ref.case_id):
                await uow.consents.withdraw(ref.case_id, consent.card.payment_method, now)
                await uow.audit.add(_entry(ref, consent, "withdraw_backup", now))

    async def _is_used(self, ref: CaseRef, case: RecoveryCase) -> bool:
        if not case.is_open or case.held_out or case.outstanding:
            return False
        async with self.cases.open_uow(ref.merchant_id) as uow:
            policy = await self.cases.known.policy(uow, ref.merchant_id, case.policy_version)
        return policy.use_backup and not case.backup_used

    async def _others(self, case: RecoveryCase, customer_id: str) -> tuple[Card, ...]:
        """Usable cards of theirs with other numbers than the one that is charged now."""
        now, number = self.cases.clock(), case.card.fingerprint if case.card else None
        seen: dict[str, Card] = {}
        for card in await self.payments.cards_of(case.account, customer_id):
            if card.fingerprint != number and not has_expired(card, now):
                seen.setdefault(card.fingerprint, card)
        return tuple(seen.values())[:MOST]


def _entry(ref: CaseRef, consent: Consent, action: str, at: datetime) -> AuditEntry:
    return AuditEntry(
        at=at,
        actor="customer",
        action=action,
        subject=f"case:{ref.case_id}",
        before={},
        after={"payment_method": consent.card.payment_method, "wording": consent.wording},
    )
