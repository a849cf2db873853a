"""HearTexts: what comes back of text messages. STOP is obeyed, HELP is answered, and what did not
arrive is told to its case."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from application.bounces import leave_alone
from application.change_case import CaseRef, Cases, Change
from application.errors import NotFound
from application.ports.letters import TextRenderer
from application.ports.registry import Registry, TextedCase
from application.ports.stores import AuditEntry
from application.ports.suppressions import Suppression, hash_of
from application.ports.text_news import Answered, Undelivered
from application.ports.unit_of_work import UnitOfWork
from domain.letters import Wish, wish_of
from domain.recovery import commands as c
from domain.recovery.events import Event

BY_TEXT: Final = "text"  # the actor of an audit row: somebody with that phone
CARRIER: Final = "carrier"


@dataclass(frozen=True, slots=True, kw_only=True)
class HearTexts:
    """A number speaks for itself and for no other; it may be known to several merchants, who text
    from the same sender, and a STOP is meant for all of them."""

    cases: Cases
    registry: Registry
    renderer: TextRenderer
    clock: Callable[[], datetime]

    async def answer(self, said: Answered) -> str | None:
        """What to answer; None for nothing. Told again, it changes nothing."""
        wish = wish_of(said.words)
        if wish is None:
            return None
        known = await self.registry.texted(hash_of(said.number))
        if wish is Wish.HELP:
            return None if said.is_answered else await self._help(known)
        for merchant_id, cases in _by_merchant(known).items():
            async with self.cases.open_uow(merchant_id) as uow:
                if wish is Wish.STOP:
                    await self._stop(uow, said.number, cases)
                else:
                    await self._start(uow, said.number, cases[0])
        return None  # the carrier confirms both by itself

    async def undelivered(self, ref: CaseRef, step: int, news: Undelivered) -> None:
        """The step stays used up, its case tells so, and it counts against nobody's budget; a
        number that no mobile has, or whose owner wants no more, is left alone."""
        now, subject = self.clock(), f"case:{ref.case_id}"
        why = Suppression.BOUNCED if news.is_dead else None
        why = Suppression.UNSUBSCRIBED if news.is_stopped else why

        async def first(uow: UnitOfWork) -> None:
            held = await uow.text_consents.latest(ref.case_id)
            if why is not None and held is not None and held.number_hash == hash_of(news.number):
                await leave_alone(uow, news.number, why, actor=CARRIER, subject=subject, at=now)

        async def also(uow: UnitOfWork, _: tuple[Event, ...]) -> None:
            await uow.messages.undelivered(ref.case_id, step)

        failed = c.FailReminder(step=step, reason=news.reason, final=True)
        change = Change(commands=(failed,), actor=CARRIER, at=now, first=first, also=also)
        await self.cases.apply(ref, change)

    async def _stop(self, uow: UnitOfWork, number: str, cases: list[UUID]) -> None:
        now, subject = self.clock(), f"case:{cases[0]}"
        why = Suppression.UNSUBSCRIBED
        await leave_alone(uow, number, why, actor=BY_TEXT, subject=subject, at=now)
        for case_id in cases:
            held = await uow.text_consents.latest(case_id)
            if held is not None and held.number_hash == hash_of(number):
                await uow.text_consents.withdraw(case_id, now)

    async def _start(self, uow: UnitOfWork, number: str, case_id: UUID) -> None:
        """They may be texted again, where somebody has their word; the words that they took back
        stay taken back."""
        now, why = self.clock(), Suppression.UNSUBSCRIBED
        if await uow.suppressions.lift(hash_of(number), why, now):
            entry = AuditEntry(
                at=now,
                actor=BY_TEXT,
                action="subscribe_again",
                subject=f"case:{case_id}",
                before={},
                after={},
            )
            await uow.audit.add(entry)

    async def _help(self, known: tuple[TextedCase, ...]) -> str | None:
        """By whoever texted last; nothing to a number that we do not know."""
        if not known:
            return None
        latest = known[0]
        try:
            merchant = await self.registry.merchant(latest.merchant_id)
        except NotFound:
            return None
        locale = await self._locale(latest)
        return self.renderer.help(merchant.known_as, merchant.answers_go_to, locale)

    async def _locale(self, known: TextedCase) -> str | None:
        ref = CaseRef(known.merchant_id, known.case_id)
        case = await self.cases.read(ref)
        if case.customer_id is None:
            return None
        async with self.cases.open_uow(ref.merchant_id) as uow:
            customer = await uow.customers.find(case.account, case.customer_id)
        return customer.locale if customer else None


def _by_merchant(known: tuple[TextedCase, ...]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for each in known:
        found.setdefault(each.merchant_id, []).append(each.case_id)
    return found
