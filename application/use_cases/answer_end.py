"""AnswerEnd: what a merchant says about the end of a lost case: yes, no, done, or take it back."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from application.case_ids import undo_key
from application.change_case import CaseRef, Cases, Change
from application.ports.payments import Ended, Ending, Payments
from domain.policy.shapes import UNDOABLE
from domain.recovery import commands as c
from domain.recovery.events import EndResult
from domain.recovery.state import RecoveryCase

TOO_LATE = Ended(result=EndResult.REFUSED, reason="changed_meanwhile")
SO_NOW = Ended(result=EndResult.DONE)


class EndAnswer(StrEnum):
    """The buttons. The names travel in forms."""

    CONFIRM = "confirm"  # do it
    LEAVE = "leave"  # do not do it at all
    DONE = "done"  # I have done it in Stripe by hand
    UNDO = "undo"  # take back what was done


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEnd:
    """Carries out what can be done at once; a confirmed end is a worker's, with its last look."""

    cases: Cases
    payments: Payments

    async def __call__(self, ref: CaseRef, answer: EndAnswer, user_id: UUID) -> Ended:
        """Why not, if it cannot be; an answer to what is not asked (any more) changes nothing.

        Raises StripeUnavailable.
        """
        case = await self.cases.read(ref)
        if not _is_asked(case, answer):
            return TOO_LATE
        if answer is EndAnswer.UNDO:
            undone = await self._undo(ref, case)
            if undone.result is not EndResult.DONE:
                return undone
        happened = await self.cases.apply(
            ref,
            Change(commands=(_COMMANDS[answer],), actor=f"user:{user_id}", at=self.cases.clock()),
        )
        return SO_NOW if happened else TOO_LATE

    async def _undo(self, ref: CaseRef, case: RecoveryCase) -> Ended:
        """Stripe first: who is interrupted does it again, under the same key."""
        ending = Ending(
            action=case.ended_by, invoice_id=case.invoice_id, subscription_id=case.subscription_id
        )
        return await self.payments.undo_end(
            case.account, ending, idempotency_key=undo_key(ref.case_id)
        )


_COMMANDS: dict[EndAnswer, c.Command] = {
    EndAnswer.CONFIRM: c.ConfirmEnd(),
    EndAnswer.LEAVE: c.UndoEndAction(),
    EndAnswer.DONE: c.RecordEndAction(),
    EndAnswer.UNDO: c.UndoEndAction(),
}


def _is_asked(case: RecoveryCase, answer: EndAnswer) -> bool:
    match answer:
        case EndAnswer.CONFIRM:
            return case.end_waits
        case EndAnswer.LEAVE:
            return case.end_needs_merchant
        case EndAnswer.DONE:
            return case.end_needs_merchant and not case.end_waits
        case EndAnswer.UNDO:
            return case.ended_by in UNDOABLE and not case.end_needs_merchant
