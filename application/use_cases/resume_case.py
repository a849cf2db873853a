"""ResumeCase: the time that a pause was given is over."""

from dataclasses import dataclass

from application.change_case import CaseRef, Cases
from application.ports.conveyor import ScheduledAction
from domain.recovery import commands as c
from domain.recovery.events import Pauser


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeCase:
    """The chase goes on by itself; what happens next is planned anew."""

    cases: Cases

    async def __call__(self, action: ScheduledAction) -> None:
        ref = CaseRef(action.ref.merchant_id, action.case_id)
        await self.cases.change(ref, c.ResumeCase(by=Pauser.SCHEDULE))
