"""HearAnswer: a customer has answered a letter. A person reads it, so the machine keeps still."""

from dataclasses import dataclass
from typing import Final

from application.change_case import CaseRef, Cases, Change
from application.owed import owed_with
from application.ports.mail_news import MailNews
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import UnitOfWork
from domain.recovery import commands as c
from domain.recovery.events import Pauser, Problem

CUSTOMER: Final = "customer"


class _ToldBefore(Exception):
    """This answer was heard already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearAnswer:
    """All that they owe rests until somebody of the merchant's team says how it goes on. What they
    wrote goes to the merchant and is never seen here."""

    cases: Cases

    async def __call__(self, ref: CaseRef, news: MailNews) -> bool:
        """False if it was heard before, or nothing is owed any more."""
        debts = await owed_with(self.cases, ref)
        try:
            for number, debt in enumerate(debts):
                await self._rest(debt.ref, news if number == 0 else None)
        except _ToldBefore:
            return False
        return bool(debts)

    async def _rest(self, ref: CaseRef, news: MailNews | None) -> None:
        now = self.cases.clock()

        async def first(uow: UnitOfWork) -> None:
            if news is None:
                return
            if not await uow.mail_news.add(news, now):
                raise _ToldBefore
            entry = AuditEntry(
                at=now,
                actor=f"mail:{news.source}",
                action="answer_to_letter",
                subject=f"case:{ref.case_id}",
                before={},
                after={},
            )
            await uow.audit.add(entry)

        pause = c.PauseCase(by=Pauser.CUSTOMER, about=Problem.ANSWERED)
        change = Change(commands=(pause,), actor=CUSTOMER, at=now, first=first)
        await self.cases.apply(ref, change)
