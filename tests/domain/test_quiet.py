"""Quiet: a day that the customer picks, a promise to pay, a pause of the merchant's or Stripe's."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.network import CardUse
from domain.policy import StripeRetries
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.actions import Action, ActionKind, next_action
from domain.recovery.quiet import days_to_pick
from tests.builders import (
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    a_basis,
    a_policy,
    after,
    declined,
    to_begin,
    to_open,
)
from tests.domain.given import History, kinds, state, when

THURSDAY = MONDAY + 3 * DAY - 2 * HOUR  # 09:00 in Berlin, the first retry
OVER = MONDAY + 14 * DAY
WAITING = after(to_open())
CHARGING = after(to_open(), (THURSDAY, to_begin()))
PAUSE = c.PauseCase(by=e.Pauser.MERCHANT)
PAUSED = (*WAITING, *when(WAITING, PAUSE))
FRIDAY = c.PickDate(at=MONDAY + 4 * DAY)
PROMISE = c.PromisePayment(until=MONDAY + 5 * DAY)


def test_the_customer_is_charged_on_the_day_they_picked_and_hears_nothing_before() -> None:
    picked, charge, letter = when(WAITING, FRIDAY)
    saturday = MONDAY + 5 * DAY - 2 * HOUR  # Friday at eleven is past nine
    assert picked == e.DatePicked(at=MONDAY, charge_at=saturday)
    assert charge == e.AttemptPlanned(at=MONDAY, number=1, due_at=saturday, rule="picked_date")
    assert isinstance(letter, e.ReminderPlanned)
    assert letter.due_at >= saturday


def test_a_picked_day_is_forgotten_once_a_charge_was_made_on_it() -> None:
    given = (*WAITING, *when(WAITING, FRIDAY))
    begun = when(given, to_begin(), MONDAY + 5 * DAY - 2 * HOUR)
    assert state(given, begun).picked_at is None
    failure = declined(charge="ch_2", at=MONDAY + 5 * DAY - 2 * HOUR)
    answer = c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=1)
    goes_on = when((*given, *begun), answer, failure.at)
    assert isinstance(goes_on[1], e.AttemptPlanned)
    assert goes_on[1].rule == "plan:funds"


def test_a_picked_day_yields_to_a_limit_of_the_card() -> None:
    full = CardUse(day=(MONDAY + 4 * DAY + 23 * HOUR,))
    events = when(WAITING, FRIDAY, use=full)
    assert isinstance(events[1], e.AttemptPlanned)
    assert events[1].due_at == MONDAY + 6 * DAY - 2 * HOUR + DAY


@pytest.mark.parametrize(
    "at", [MONDAY - HOUR, OVER, OVER + DAY], ids=["past", "end", "after the end"]
)
def test_a_day_on_which_no_charge_can_be_made_is_not_taken(at: object) -> None:
    assert when(WAITING, c.PickDate(at=at)) == ()  # type: ignore[arg-type]


def test_no_day_can_be_picked_for_a_card_that_is_barred() -> None:
    stolen = after(to_open(last_failure=declined("stolen_card")))
    assert when(stolen, FRIDAY) == ()


def test_a_picked_day_makes_a_charge_out_of_a_question() -> None:
    spent = after(to_open(last_failure=declined("invalid_business_account")))
    events = when(spent, FRIDAY)
    assert kinds(events)[:2] == [e.DatePicked, e.AttemptPlanned]


def test_a_new_card_is_charged_on_the_picked_day_not_before() -> None:
    given = (*WAITING, *when(WAITING, FRIDAY))
    replaced, charge = when(given, c.ReplaceCard(card=NEW_VISA), MONDAY + DAY)
    assert isinstance(charge, e.AttemptPlanned)
    assert (charge.rule, charge.due_at) == ("new_card", MONDAY + 5 * DAY - 2 * HOUR)
    assert isinstance(replaced, e.CardReplaced)


def test_who_promised_to_pay_is_left_alone_until_then_and_then_the_plan_goes_on() -> None:
    promised, charge, letter = when(WAITING, PROMISE)
    assert promised == e.PaymentPromised(at=MONDAY, until=MONDAY + 5 * DAY)
    assert isinstance(charge, e.AttemptPlanned)
    assert isinstance(letter, e.ReminderPlanned)
    assert charge.rule == "plan:funds"
    assert min(charge.due_at, letter.due_at) >= MONDAY + 5 * DAY


def test_a_promise_replaces_a_picked_day() -> None:
    given = (*WAITING, *when(WAITING, FRIDAY))
    events = when(given, PROMISE)
    assert kinds(events)[:2] == [e.PaymentPromised, e.AttemptPlanned]
    assert state(given, events).picked_at is None
    assert when((*given, *events), PROMISE) == ()


@pytest.mark.parametrize("until", [MONDAY, OVER, OVER + DAY])
def test_a_promise_for_the_past_or_after_the_end_is_none(until: object) -> None:
    assert when(WAITING, c.PromisePayment(until=until)) == ()  # type: ignore[arg-type]


def test_who_is_asked_and_promises_is_not_asked_again() -> None:
    asked = after(to_open(last_failure=declined("expired_card")))
    events = when(asked, PROMISE)
    assert kinds(events) == [e.PaymentPromised, e.ReminderPlanned]
    assert state(asked, events).phase.value == "customer"


def test_nothing_is_hushed_while_a_charge_is_on_its_way_but_a_pause_is_remembered() -> None:
    assert when(CHARGING, FRIDAY, THURSDAY) == ()
    assert when(CHARGING, PROMISE, THURSDAY) == ()
    paused = when(CHARGING, PAUSE, THURSDAY)
    assert kinds(paused) == [e.CasePaused]
    assert state(CHARGING, paused).phase.value == "charging"
    given = (*CHARGING, *paused)
    failure = declined(charge="ch_2", at=THURSDAY)
    answer = c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=1)
    for outcome in (
        answer,
        c.AbandonAttempt(attempt=1, evidence="no_charge"),
        c.RequestAuthentication(attempt=1),
    ):
        events = when(given, outcome, THURSDAY)
        assert kinds(events)[1:] == [e.CasePaused]
        assert state(given, events).phase.value == "paused"


def test_a_pause_that_ends_before_the_answer_comes_leaves_the_plan_to_it() -> None:
    given = (*CHARGING, *when(CHARGING, PAUSE, THURSDAY))
    resumed = when(given, c.ResumeCase(by=e.Pauser.MERCHANT), THURSDAY)
    assert kinds(resumed) == [e.CaseResumed]
    assert state(given, resumed).phase.value == "charging"


def test_in_a_pause_nothing_is_planned_and_only_the_end_is_due() -> None:
    case = state(PAUSED)
    assert (case.phase.value, case.next_attempt_at, case.reminder) == ("paused", None, None)
    assert next_action(case) == Action(kind=ActionKind.CLOSE, due_at=OVER)
    assert when(PAUSED, to_begin(), THURSDAY) == ()
    assert when(PAUSED, c.BeginReminder(step=1, message_id="1@mail"), THURSDAY) == ()
    assert when(PAUSED, c.RequestAuthentication(), THURSDAY) == ()
    assert when(PAUSED, FRIDAY) == ()


def test_stripes_retries_are_taken_over_even_in_a_pause() -> None:
    given = after(to_open(stripe_retry_at=THURSDAY), PAUSE)
    action = next_action(state(given))
    assert action is not None
    assert action.kind is ActionKind.TAKE_OVER


def test_news_in_a_pause_are_written_down_and_change_no_plan() -> None:
    refusal = c.RecordDecline(failure=declined(charge="ch_9", at=MONDAY), by=e.Payer.STRIPE)
    assert kinds(when(PAUSED, refusal)) == [e.ChargeDeclined]
    assert kinds(when(PAUSED, c.ReplaceCard(card=NEW_VISA))) == [e.CardReplaced]
    part = c.RecordPartialPayment(amount_paid_minor=9_00, amount_remaining_minor=20_00)
    assert kinds(when(PAUSED, part)) == [e.AmountChanged]
    lost = when(PAUSED, c.CloseCase(), OVER)
    assert kinds(lost) == [e.CaseLost]


def test_a_pause_with_an_end_ends_by_itself_and_the_plan_goes_on() -> None:
    until = MONDAY + 2 * DAY
    given = (*WAITING, *when(WAITING, c.PauseCase(by=e.Pauser.STRIPE, until=until)))
    assert next_action(state(given)) == Action(kind=ActionKind.RESUME, due_at=until)
    by_schedule = c.ResumeCase(by=e.Pauser.SCHEDULE)
    assert when(given, by_schedule, until - timedelta(seconds=1)) == ()
    events = when(given, by_schedule, until)
    assert kinds(events) == [e.CaseResumed, e.AttemptPlanned, e.ReminderPlanned]
    assert isinstance(events[1], e.AttemptPlanned)
    assert events[1].due_at == THURSDAY
    assert when((*given, *events), by_schedule, until) == ()


def test_a_pause_without_an_end_is_not_ended_by_the_schedule() -> None:
    assert when(PAUSED, c.ResumeCase(by=e.Pauser.SCHEDULE), OVER) == ()


def test_a_pause_can_be_moved_and_is_told_once() -> None:
    assert when(PAUSED, PAUSE) == ()
    longer = c.PauseCase(by=e.Pauser.MERCHANT, until=MONDAY + 9 * DAY)
    assert kinds(when(PAUSED, longer)) == [e.CasePaused]
    assert when(WAITING, c.PauseCase(by=e.Pauser.MERCHANT, until=MONDAY)) == ()


def test_stripe_neither_replaces_nor_lifts_the_merchants_own_pause() -> None:
    assert when(PAUSED, c.PauseCase(by=e.Pauser.STRIPE)) == ()
    assert when(PAUSED, c.ResumeCase(by=e.Pauser.STRIPE)) == ()
    theirs = (*WAITING, *when(WAITING, c.PauseCase(by=e.Pauser.STRIPE)))
    assert kinds(when(theirs, PAUSE)) == [e.CasePaused]
    assert kinds(when(theirs, c.ResumeCase(by=e.Pauser.STRIPE)))[0] is e.CaseResumed
    assert kinds(when(theirs, c.ResumeCase(by=e.Pauser.MERCHANT)))[0] is e.CaseResumed


def days(history: History, now: datetime = MONDAY, **around: Any) -> tuple[datetime, ...]:
    policy = around.pop("policy", None)
    return days_to_pick(state(history), a_basis(policy, **around), now)


def test_the_days_to_pick_go_from_tomorrow_to_the_end_of_the_case() -> None:
    offered = days(WAITING)
    # At nine tomorrow the card will not have rested a day yet.
    assert offered[0] == MONDAY + 2 * DAY - 2 * HOUR
    assert len(offered) == 13
    assert offered[-1] < OVER
    assert days(WAITING, OVER - HOUR) == ()


def test_a_day_that_a_limit_forbids_is_not_offered() -> None:
    full = CardUse(day=(MONDAY + DAY + 23 * HOUR,))
    assert set(days(WAITING, use=full)) < set(days(WAITING))


@pytest.mark.parametrize(
    "history",
    [
        PAUSED,
        CHARGING,
        after(to_open(last_failure=declined("stolen_card"))),
        after(to_open(last_failure=declined("authentication_required"))),
        (*WAITING, *when(WAITING, c.WriteOff())),
    ],
    ids=["paused", "charging", "another card", "the bank asks", "ended"],
)
def test_no_day_is_offered_where_no_charge_of_this_card_would_help(history: History) -> None:
    assert days(history) == ()


def test_no_day_is_offered_beside_stripes_own_retries_which_would_not_wait() -> None:
    follow = a_policy(stripe_retries=StripeRetries.FOLLOW)
    history = when((), to_open(), MONDAY, follow)
    assert days(history, policy=follow) == ()


@given(st.sampled_from(["insufficient_funds", "do_not_honor", "try_again_later"]), st.data())
def test_a_day_that_is_offered_is_kept_to_the_hour(code: str, data: st.DataObject) -> None:
    """Whichever is picked, whenever, however often: the next charge is on it."""
    history = after(to_open(last_failure=declined(code)))
    now = MONDAY
    for _ in range(3):
        now += timedelta(hours=data.draw(st.integers(0, 60)))
        offered = days(history, now)
        if not offered or (at := data.draw(st.sampled_from(offered))) == state(history).picked_at:
            return
        new = when(history, c.PickDate(at=at), now)
        history = (*history, *new)
        case = state(history)
        assert kinds(new)[0] is e.DatePicked
        assert case.picked_at == case.next_attempt_at == at
        action = next_action(case)
        assert action is not None
        assert (action.kind, action.due_at) == (ActionKind.ATTEMPT, at)


NOW = c.ChargeNow()
LATER = MONDAY + DAY + HOUR  # the card has rested a day


def test_who_wants_to_pay_now_is_charged_at_any_hour() -> None:
    night = MONDAY + 2 * DAY + 13 * HOUR
    picked, charge, *_ = when(WAITING, NOW, night)
    assert picked == e.DatePicked(at=night, charge_at=night)
    assert charge == e.AttemptPlanned(at=night, number=1, due_at=night, rule="picked_date")


def test_their_word_goes_before_a_day_that_they_chose_and_a_promise() -> None:
    for wish in (c.PickDate(at=MONDAY + 9 * DAY), c.PromisePayment(until=MONDAY + 9 * DAY)):
        quiet = (*WAITING, *when(WAITING, wish))
        assert e.AttemptPlanned in kinds(when(quiet, NOW, LATER))


def test_two_clicks_are_one_wish() -> None:
    wished = (*WAITING, *when(WAITING, NOW, LATER))
    assert when(wished, NOW, LATER) == ()
    assert when(wished, NOW, LATER + HOUR) == ()


@pytest.mark.parametrize(
    "history",
    [
        PAUSED,
        CHARGING,
        after(to_open(last_failure=declined("stolen_card"))),
        after(to_open(last_failure=declined("authentication_required"))),
        (*WAITING, *when(WAITING, c.WriteOff())),
        (*WAITING, *when(WAITING, c.ReplaceCard(card=NEW_VISA))),
    ],
    ids=["paused", "charging", "another card", "the bank asks", "ended", "a new card waits"],
)
def test_nobody_is_charged_at_once_where_it_would_not_help(history: History) -> None:
    assert when(history, NOW, LATER) == ()


def test_no_limit_gives_way_to_the_wish() -> None:
    assert when(WAITING, NOW, MONDAY + HOUR, use=CardUse(day=(MONDAY, MONDAY))) == ()
    assert when(WAITING, NOW, LATER, use=CardUse(month=(MONDAY,) * 40)) == ()


REPORT = c.PauseCase(by=e.Pauser.CUSTOMER, about=e.Problem.CANCELLED)


def test_a_customer_who_says_that_something_is_wrong_is_left_alone_until_it_is_answered() -> None:
    (paused,) = when(WAITING, REPORT)
    assert paused == e.CasePaused(at=MONDAY, by=e.Pauser.CUSTOMER, about=e.Problem.CANCELLED)
    given = (*WAITING, paused)
    case = state(given)
    assert case.is_questioned
    assert case.needs_merchant
    assert not case.end_needs_merchant
    assert next_action(case) == Action(kind=ActionKind.CLOSE, due_at=OVER)
    resumed = when(given, c.ResumeCase(by=e.Pauser.MERCHANT), MONDAY + HOUR)
    assert isinstance(resumed[0], e.CaseResumed)
    assert not state(given, resumed).needs_merchant


@pytest.mark.parametrize(
    ("given", "newer", "stays"),
    [
        (PAUSE, REPORT, True),
        (PAUSE, c.PauseCase(by=e.Pauser.STRIPE), True),
        (c.PauseCase(by=e.Pauser.MERCHANT, until=MONDAY + DAY), REPORT, False),
        (c.PauseCase(by=e.Pauser.STRIPE), REPORT, False),
        (REPORT, c.PauseCase(by=e.Pauser.STRIPE), True),
        (REPORT, PAUSE, False),
        (REPORT, REPORT, True),
        (REPORT, c.PauseCase(by=e.Pauser.CUSTOMER, about=e.Problem.AMOUNT), False),
    ],
)
def test_which_pause_gives_way_to_which(
    given: c.PauseCase, newer: c.PauseCase, stays: bool
) -> None:
    history = (*WAITING, *when(WAITING, given))
    assert (when(history, newer) == ()) is stays


@pytest.mark.parametrize(
    ("paused_by", "resumed_by", "goes_on"),
    [
        (e.Pauser.CUSTOMER, e.Pauser.CUSTOMER, True),
        (e.Pauser.CUSTOMER, e.Pauser.MERCHANT, True),
        (e.Pauser.CUSTOMER, e.Pauser.STRIPE, False),
        (e.Pauser.CUSTOMER, e.Pauser.SCHEDULE, False),
        (e.Pauser.MERCHANT, e.Pauser.CUSTOMER, False),
        (e.Pauser.STRIPE, e.Pauser.CUSTOMER, False),
    ],
)
def test_whose_word_ends_a_pause(paused_by: e.Pauser, resumed_by: e.Pauser, goes_on: bool) -> None:
    history = (*WAITING, *when(WAITING, c.PauseCase(by=paused_by)))
    assert bool(when(history, c.ResumeCase(by=resumed_by))) is goes_on
