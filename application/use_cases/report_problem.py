"""ReportProblem: the customer says that something is wrong. All that is asked of them rests until a
person of the merchant's team has answered, or they take it back."""

from dataclasses import dataclass
from uuid import UUID

from application.change_case import CaseRef, Cases, Change
from application.owed import owed_with
from application.ports.reports import LONGEST, Report
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import UnitOfWork
from domain.recovery import commands as c
from domain.recovery.events import Pauser, Problem, StopReason

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportProblem:
    """For the customer who follows their link, and for the person who answers."""

    cases: Cases

    async def __call__(self, ref: CaseRef, about: Problem, words: str) -> None:
        """Keep their words and let all their cases rest; nothing where all is settled."""
        for number, debt in enumerate(await owed_with(self.cases, ref)):
            report = self._report(about, words) if number == 0 else None
            await self._rest(debt.ref, about, report)

    async def take_back(self, ref: CaseRef) -> None:
        """All is well after all: what rests by their word goes on."""
        for debt in await owed_with(self.cases, ref):
            if debt.case.is_questioned:
                await self._apply(debt.ref, c.ResumeCase(by=Pauser.CUSTOMER), CUSTOMER)

    async def go_on(self, ref: CaseRef, user_id: UUID) -> bool:
        """The merchant has looked into it: the chase goes on. False if it does not rest."""
        return await self._answer(ref, c.ResumeCase(by=Pauser.MERCHANT), user_id)

    async def leave(self, ref: CaseRef, user_id: UUID) -> bool:
        """The merchant does not want it chased any more. The invoice stays as it is in Stripe."""
        return await self._answer(ref, c.StopCase(reason=StopReason.MERCHANT), user_id)

    async def _answer(self, ref: CaseRef, command: c.Command, user_id: UUID) -> bool:
        if not (await self.cases.read(ref)).is_questioned:
            return False
        return await self._apply(ref, command, f"user:{user_id}")

    def _report(self, about: Problem, words: str) -> Report:
        return Report(about=about, words=_fit(words), at=self.cases.clock())

    async def _rest(self, ref: CaseRef, about: Problem, report: Report | None) -> None:
        async def first(uow: UnitOfWork) -> None:
            if report is not None and await uow.reports.add(ref.case_id, report):
                await uow.audit.add(_entry(ref, report))

        pause = c.PauseCase(by=Pauser.CUSTOMER, about=about)
        change = Change(commands=(pause,), actor=CUSTOMER, at=self.cases.clock(), first=first)
        await self.cases.apply(ref, change)

    async def _apply(self, ref: CaseRef, command: c.Command, actor: str) -> bool:
        change = Change(commands=(command,), actor=actor, at=self.cases.clock())
        return bool(await self.cases.apply(ref, change))


def _fit(words: str) -> str:
    """Lines and letters as they were; nothing that no keyboard writes, and not without end."""
    kept = (each for each in words.replace("\r\n", "\n") if each == "\n" or each.isprintable())
    return "".join(kept).strip()[:LONGEST]


def _entry(ref: CaseRef, report: Report) -> AuditEntry:
    """Their own words are no part of it: nothing personal is."""
    return AuditEntry(
        at=report.at,
        actor=CUSTOMER,
        action="report_problem",
        subject=f"case:{ref.case_id}",
        before={},
        after={"about": report.about.value},
    )
