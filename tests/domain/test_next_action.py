"""The one thing that is due next."""

from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind, next_action
from domain.recovery.case import MarkKind, RecoveryCase
from tests.builders import DAY, HOUR, MONDAY, after, declined, to_begin, to_open
from tests.domain.given import state, when

THURSDAY = MONDAY + 3 * DAY - 2 * HOUR
CHARGING = after(to_open(), (THURSDAY, to_begin()))


def test_a_case_that_is_not_there_needs_nothing() -> None:
    assert next_action(RecoveryCase()) is None


def test_stripes_retries_are_taken_over_before_anything_else() -> None:
    case = state(after(to_open(stripe_retry_at=THURSDAY)))
    assert next_action(case) == Action(kind=ActionKind.TAKE_OVER, due_at=MONDAY)


def test_whichever_of_charge_and_letter_is_due_first_is_next() -> None:
    given = after(to_open())
    letter = Action(kind=ActionKind.REMINDER, due_at=MONDAY + DAY, number=1)
    assert next_action(state(given)) == letter
    write = c.BeginReminder(step=1, message_id="1@mail")
    written = when(given, write, MONDAY + DAY)
    attempt = Action(kind=ActionKind.ATTEMPT, due_at=THURSDAY, number=1)
    assert next_action(state(given, written)) == attempt


def test_a_charge_on_its_way_comes_before_everything() -> None:
    action = next_action(state(CHARGING))
    assert action is not None
    assert (action.kind, action.number) == (ActionKind.RECONCILE, 1)
    assert action.due_at > THURSDAY


def test_an_unclear_charge_is_looked_into_again() -> None:
    unclear = when(CHARGING, c.RecordUnclear(attempt=1), THURSDAY)
    action = next_action(state(CHARGING, unclear))
    assert isinstance(unclear[0], e.AttemptUnclear)
    assert action == Action(kind=ActionKind.RECONCILE, due_at=unclear[0].check_at, number=1)


def test_when_all_is_said_only_the_end_is_left() -> None:
    case = state(after(to_open(last_failure=declined("invalid_business_account"))))
    assert next_action(case) == Action(kind=ActionKind.CLOSE, due_at=MONDAY + 14 * DAY)


def test_the_chase_line_shows_each_charge_once() -> None:
    failure = declined(charge="ch_2", at=THURSDAY)
    heard = c.RecordDecline(failure=failure, by=e.Payer.STRIPE)
    told = c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=1)
    given = (*CHARGING, *when(CHARGING, heard, THURSDAY))
    case = state(given, when(given, told, THURSDAY))
    assert [mark.kind for mark in case.marks] == [
        MarkKind.FAILED,
        MarkKind.TRIED,
        MarkKind.FAILED,
    ]
