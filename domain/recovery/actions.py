"""The one thing that is due next in a case: a function of the case, so it cannot be forgotten."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain.policy.shapes import EndAction
from domain.recovery.state import RecoveryCase
from domain.recovery.transitions import Phase


class ActionKind(StrEnum):
    """Which use-case does it. The names are stored."""

    TAKE_OVER = "take_over"
    ATTEMPT = "attempt"
    RECONCILE = "reconcile"
    REMINDER = "reminder"
    RESUME = "resume"
    CLOSE = "close"
    END = "end"


class Action(Struct, frozen=True, kw_only=True):
    """What to do, and when. `number` is the attempt's number or the reminder's step, else 0."""

    kind: ActionKind
    due_at: datetime
    number: int = 0


def next_action(case: RecoveryCase) -> Action | None:
    """The next action of an open case, exactly one; None once all is done.

    While a charge is on its way nothing else happens but finding out what became of it; a lost
    case may still have its end action to be carried out in Stripe, unless the merchant's word is
    waited for; after a recovered one thanks may be due.
    """
    if not case.is_open:
        return _receipt(case) or _end_action(case)
    if case.in_flight is not None:
        flight = case.in_flight
        return Action(kind=ActionKind.RECONCILE, due_at=flight.check_at, number=flight.number)
    assert case.opened_at is not None
    if case.stripe_retry_at is not None:
        return Action(kind=ActionKind.TAKE_OVER, due_at=case.opened_at)
    return min(_candidates(case), key=lambda action: action.due_at)


def _receipt(case: RecoveryCase) -> Action | None:
    due = case.reminder
    if case.phase is not Phase.RECOVERED or due is None:
        return None
    return Action(kind=ActionKind.REMINDER, due_at=due.due_at, number=due.step)


def _end_action(case: RecoveryCase) -> Action | None:
    if case.phase is not Phase.LOST or case.then is EndAction.KEEP or case.end_waits:
        return None
    assert case.closed_at is not None
    return Action(kind=ActionKind.END, due_at=case.closed_at)


def _candidates(case: RecoveryCase) -> list[Action]:
    """What may come next, the end of the case last: at one instant the rest goes first."""
    assert case.closes_at is not None
    actions = []
    if case.pause is not None and case.pause.until is not None:
        actions.append(Action(kind=ActionKind.RESUME, due_at=case.pause.until))
    if case.next_attempt_at is not None:
        number = case.attempts + 1
        actions.append(Action(kind=ActionKind.ATTEMPT, due_at=case.next_attempt_at, number=number))
    if case.reminder is not None:
        step = case.reminder.step
        actions.append(Action(kind=ActionKind.REMINDER, due_at=case.reminder.due_at, number=step))
    actions.append(Action(kind=ActionKind.CLOSE, due_at=case.closes_at))
    return actions
