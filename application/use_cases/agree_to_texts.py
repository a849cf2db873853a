"""AgreeToTexts: the customer says on their page that they may be texted about what is owed, and
takes it back."""

from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from application.change_case import CaseRef, Cases
from application.owed import Debt, owed_with
from application.ports.stores import AuditEntry
from application.ports.suppressions import hash_of
from application.ports.text_consents import ConsentBy, TextConsent
from application.ports.texting import ReadMobile
from application.ports.unit_of_work import UnitOfWork
from domain.recovery.state import RecoveryCase

CUSTOMER = "customer"


class TextsOffer(Struct, frozen=True, kw_only=True):
    """Whether the page asks, and what was agreed to."""

    is_asked: bool = False
    number: str | None = None  # E.164, of the word that stands


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreeToTexts:
    """For the customer who follows their link. The word is for what they owe now: it ends with each
    case. Nobody is texted at once; a campaign may."""

    cases: Cases
    read_mobile: ReadMobile
    is_possible: bool  # without a carrier nobody is asked

    async def offer(self, ref: CaseRef) -> TextsOffer:
        """Asked where the rules of what they owe have a text; a word that stands can be taken back
        whatever those say. Changes nothing."""
        debts = await owed_with(self.cases, ref)
        if not debts:
            return TextsOffer()
        async with self.cases.open_uow(ref.merchant_id) as uow:
            held = await uow.text_consents.latest(debts[0].ref.case_id)
            asked = [await self._is_texted(uow, debt) for debt in debts]
        return TextsOffer(is_asked=self.is_possible and any(asked), number=_standing(held))

    async def agree(self, ref: CaseRef, typed: str, wording: str) -> bool:
        """Record the word, given to this `wording` of the question; False if what was typed is no
        mobile number, or nobody asked."""
        debts = await owed_with(self.cases, ref)
        number = self.read_mobile(typed, _country(debts[0].case)) if debts else None
        if number is None or not (await self.offer(ref)).is_asked:
            return False
        word = TextConsent(
            number=number,
            number_hash=hash_of(number),
            by=ConsentBy.CUSTOMER,
            wording=wording,
            given_at=self.cases.clock(),
        )
        async with self.cases.open_uow(ref.merchant_id) as uow:
            for debt in debts:
                if await uow.text_consents.give(debt.ref.case_id, word):
                    told: dict[str, str | int | None] = {"wording": wording}
                    await uow.audit.add(_entry(debt, "agree_to_texts", word.given_at, told))
        return True

    async def withdraw(self, ref: CaseRef) -> None:
        """From now on nobody texts them about any of it."""
        debts, now = await owed_with(self.cases, ref), self.cases.clock()
        async with self.cases.open_uow(ref.merchant_id) as uow:
            for debt in debts:
                if await uow.text_consents.withdraw(debt.ref.case_id, now):
                    await uow.audit.add(_entry(debt, "withdraw_texts", now, {}))

    async def _is_texted(self, uow: UnitOfWork, debt: Debt) -> bool:
        case = debt.case
        policy = await self.cases.known.policy(uow, debt.ref.merchant_id, case.policy_version)
        return case.rules(policy).has_texts and case.texts < policy.most_texts


def _standing(held: TextConsent | None) -> str | None:
    return held.number if held is not None and held.withdrawn_at is None else None


def _country(case: RecoveryCase) -> str | None:
    """Whose numbers people write without the country's code."""
    known = case.profile.country if case.profile else None
    return known or (case.card.country if case.card else None)


def _entry(debt: Debt, action: str, at: datetime, after: dict[str, str | int | None]) -> AuditEntry:
    """The number is no part of it: nothing personal is."""
    return AuditEntry(
        at=at,
        actor=CUSTOMER,
        action=action,
        subject=f"case:{debt.ref.case_id}",
        before={},
        after=after,
    )
