"""Our own charges: the intent, what stands against it, and what becomes of it."""

from datetime import timedelta

import pytest

from domain.decline import DeclineFamily
from domain.invoice import InvoiceStatus
from domain.network import CardUse
from domain.policy import FixedWaits, Plan, Template
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.decide import decide
from tests.builders import (
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    OLD_VISA,
    a_basis,
    a_case,
    a_decline,
    a_policy,
    after,
    declined,
    to_begin,
    to_open,
)
from tests.domain.given import kinds, plainly, state, when

THURSDAY = MONDAY + 3 * DAY - 2 * HOUR  # 09:00 in Berlin, the first retry
WAITING = after(to_open())
CHARGING = after(to_open(), (THURSDAY, to_begin()))
MINUTE = timedelta(minutes=1)


def refused(charge: str = "ch_2", at: int = 1, code: str = "insufficient_funds") -> c.RecordDecline:
    failure = declined(code, charge, at=THURSDAY + at * timedelta(seconds=1))
    return c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=1)


def test_a_due_attempt_begins_with_what_stripe_shows_now() -> None:
    assert when(WAITING, to_begin(), THURSDAY) == (
        e.AttemptStarted(at=THURSDAY, number=1, amount_minor=29_00, card=OLD_VISA, month_tries=1),
    )


@pytest.mark.parametrize("number", [0, 2, -1])
def test_a_stale_or_foreign_number_begins_nothing(number: int) -> None:
    assert when(WAITING, to_begin(number), THURSDAY) == ()


def test_a_job_that_comes_before_its_time_begins_nothing() -> None:
    assert when(WAITING, to_begin(), THURSDAY - timedelta(microseconds=1)) == ()


def test_a_doubled_job_begins_nothing_while_the_bank_thinks() -> None:
    assert when(CHARGING, to_begin(), THURSDAY) == ()
    assert when(CHARGING, to_begin(2), THURSDAY) == ()


def test_an_attempt_that_nobody_planned_does_not_begin() -> None:
    asked = after(to_open(last_failure=declined("expired_card")))
    assert when(asked, to_begin(), THURSDAY) == ()


def test_no_attempt_begins_after_the_window() -> None:
    over = MONDAY + 14 * DAY
    assert when(WAITING, to_begin(), over) == (
        e.CaseLost(at=over, reason=e.LossReason.WINDOW_OVER),
    )


def test_a_changed_amount_is_written_down_and_charged() -> None:
    events = when(WAITING, to_begin(amount_remaining_minor=19_00), THURSDAY)
    assert events[0] == e.AmountChanged(at=THURSDAY, amount_minor=19_00)
    assert isinstance(events[1], e.AttemptStarted)
    assert events[1].amount_minor == 19_00


def test_a_card_that_no_event_told_of_is_written_down_and_charged() -> None:
    events = when(WAITING, to_begin(card=NEW_VISA), THURSDAY)
    assert events[0] == e.CardReplaced(at=THURSDAY, card=NEW_VISA)
    assert isinstance(events[1], e.AttemptStarted)
    assert events[1].card == NEW_VISA


def test_without_a_card_the_customer_is_asked_for_one() -> None:
    asked, letter = when(WAITING, to_begin(card=None), THURSDAY)
    assert asked == e.CustomerAsked(at=THURSDAY, ask=e.Ask.CARD, rule="no_card")
    assert isinstance(letter, e.ReminderPlanned)
    assert letter.template is Template.UPDATE_CARD


def test_a_barred_card_is_not_charged_whatever_the_plan_says() -> None:
    asked, letter = when(WAITING, to_begin(use=CardUse(barred=True)), THURSDAY)
    assert asked == e.CustomerAsked(at=THURSDAY, ask=e.Ask.CARD, rule="card_barred")
    assert isinstance(letter, e.ReminderPlanned)
    assert letter.template is Template.UPDATE_CARD


def test_who_is_asked_also_hears_of_it_even_if_all_else_was_planned_without_mail() -> None:
    silent = after(to_open(last_failure=None))[:2]
    events = when(silent, to_begin(card=None), THURSDAY)
    assert kinds(events) == [e.CustomerAsked, e.ReminderPlanned]


def test_one_decline_a_day_is_enough_and_the_next_try_waits_for_the_full_day() -> None:
    use = CardUse(day=(THURSDAY - HOUR,))
    (later,) = when(WAITING, to_begin(use=use), THURSDAY)
    # The 24 hours end at 08:00 in Berlin: then at nine, the hour for charges.
    assert later == e.AttemptPlanned(at=THURSDAY, number=1, due_at=THURSDAY + DAY, rule="day_limit")


def test_the_month_limit_puts_the_attempt_off_until_there_is_room_or_asks() -> None:
    use = CardUse(month=(*(THURSDAY - (29 - n) * DAY for n in range(7)), MONDAY))
    (later,) = when(WAITING, to_begin(use=use), THURSDAY)
    assert later == e.AttemptPlanned(
        at=THURSDAY, number=1, due_at=THURSDAY + DAY, rule="month_limit"
    )
    fresh = CardUse(month=(THURSDAY - DAY,) * 8)
    (asked,) = when(WAITING, to_begin(use=fresh), THURSDAY)
    assert asked == e.CustomerAsked(at=THURSDAY, ask=e.Ask.PAYMENT, rule="window")


def test_nothing_is_charged_while_another_payment_is_on_its_way() -> None:
    (later,) = when(WAITING, to_begin(processing=True), THURSDAY)
    assert later == e.AttemptPlanned(
        at=THURSDAY, number=1, due_at=THURSDAY + 6 * HOUR, rule="beside_another"
    )


@pytest.mark.parametrize("hours", [-5.9, -1, 0, 1, 5.9])
def test_nothing_is_charged_within_six_hours_of_stripes_own_retry(hours: float) -> None:
    retry_at = THURSDAY + hours * HOUR
    (later,) = when(WAITING, to_begin(stripe_retry_at=retry_at), THURSDAY)
    assert isinstance(later, e.AttemptPlanned)
    assert later.due_at == retry_at + 6 * HOUR


@pytest.mark.parametrize("hours", [-6, 6, 48])
def test_stripes_retry_at_another_time_is_no_obstacle(hours: float) -> None:
    begin = to_begin(stripe_retry_at=THURSDAY + hours * HOUR)
    assert kinds(when(WAITING, begin, THURSDAY)) == [e.AttemptStarted]


@pytest.mark.parametrize("status", [s for s in InvoiceStatus if s is not InvoiceStatus.OPEN])
def test_only_an_open_invoice_is_charged(status: InvoiceStatus) -> None:
    (later,) = when(WAITING, to_begin(status=status), THURSDAY)
    assert isinstance(later, e.AttemptPlanned)


def test_an_invoice_with_nothing_left_to_pay_is_not_charged() -> None:
    events = when(WAITING, to_begin(amount_remaining_minor=0), THURSDAY)
    assert kinds(events) == [e.AmountChanged, e.AttemptPlanned]


def test_a_wait_that_the_network_asked_for_later_still_holds() -> None:
    advice = a_decline(brand="mastercard", network_advice_code="28")  # six days
    by_stripe = declined(charge="ch_2", at=MONDAY + DAY, decline=advice)
    told = c.RecordDecline(failure=by_stripe, by=e.Payer.STRIPE)
    given = after(to_open(), (MONDAY + DAY, told))
    (later,) = when(given, to_begin(), THURSDAY)
    assert isinstance(later, e.AttemptPlanned)
    assert later.rule == "advised_wait"
    assert later.due_at >= MONDAY + 7 * DAY


def test_a_refused_attempt_leads_to_the_next_by_the_plan() -> None:
    now = THURSDAY + 2 * timedelta(seconds=1)
    ours, retry = when(CHARGING, refused(), now)
    assert isinstance(ours, e.AttemptDeclined)
    # Four days later, within the hour for charges: nothing is rounded away.
    refusal_at = now - timedelta(seconds=1)
    assert retry == e.AttemptPlanned(
        at=now, number=2, due_at=refusal_at + 4 * DAY, rule="plan:funds"
    )


def test_after_the_last_retry_it_is_the_customers_turn() -> None:
    policy = a_policy(plans={})
    case = a_case(e.AttemptStarted(at=THURSDAY, number=1, amount_minor=29_00, card=OLD_VISA))
    events = plainly(decide(case, refused(), a_basis(policy), THURSDAY))
    assert events[1:] == (e.CustomerAsked(at=THURSDAY, ask=e.Ask.PAYMENT, rule="spent"),)


def test_three_retries_are_three_even_if_there_is_time_for_more() -> None:
    three = a_policy(plans={DeclineFamily.FUNDS: Plan(retries=FixedWaits(waits=(DAY, DAY, DAY)))})
    history, now = after(to_open(), policy=three), MONDAY
    for number in (1, 2, 3):
        now = state(history).next_attempt_at or now
        history = (*history, *when(history, to_begin(number), now, three))
        failure = declined(charge=f"ch_{number + 1}", at=now)
        answer = c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=number)
        history = (*history, *when(history, answer, now, three))
    assert history[-1] == e.CustomerAsked(at=now, ask=e.Ask.PAYMENT, rule="spent")


def test_the_same_refusal_told_twice_happens_once() -> None:
    told = (*CHARGING, *when(CHARGING, refused(), THURSDAY))
    assert when(told, refused(), THURSDAY) == ()


def test_a_refusal_heard_first_from_a_webhook_without_a_key_still_ends_the_attempt() -> None:
    nameless = c.RecordDecline(failure=refused().failure, by=e.Payer.STRIPE)
    heard = when(CHARGING, nameless, THURSDAY)
    assert kinds(heard) == [e.ChargeDeclined]
    answered = when((*CHARGING, *heard), refused(), THURSDAY)
    assert kinds(answered) == [e.AttemptDeclined, e.AttemptPlanned]
    assert state(CHARGING, heard, answered).in_flight is None


def test_an_older_refusal_is_not_taken_for_the_answer_to_the_attempt() -> None:
    old = c.RecordDecline(failure=declined(), by=e.Payer.CHARGECHASE, attempt=1)
    assert when(CHARGING, old, THURSDAY) == ()


def test_a_charge_of_somebody_else_does_not_end_our_attempt() -> None:
    other = c.RecordDecline(failure=declined(charge="ch_9"), by=e.Payer.CUSTOMER)
    events = when(CHARGING, other, THURSDAY)
    assert kinds(events) == [e.ChargeDeclined]
    assert state(CHARGING, events).in_flight is not None


def test_an_unclear_attempt_is_looked_into_ever_less_often_but_within_six_hours() -> None:
    history, waits = CHARGING, []
    for _ in range(60):
        unclear = when(history, c.RecordUnclear(attempt=1), THURSDAY)
        assert isinstance(unclear[0], e.AttemptUnclear)
        waits.append(unclear[0].check_at - THURSDAY)
        history = (*history, *unclear)
    assert waits[:4] == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE, 80 * MINUTE]
    assert waits == sorted(waits)
    assert waits[-1] == 6 * HOUR


def test_what_is_said_of_another_attempt_changes_nothing() -> None:
    assert when(CHARGING, c.RecordUnclear(attempt=2), THURSDAY) == ()
    assert when(CHARGING, c.AbandonAttempt(attempt=2, evidence="no_charge"), THURSDAY) == ()
    assert when(WAITING, c.RecordUnclear(attempt=1), THURSDAY) == ()


def test_an_attempt_of_which_stripe_knows_nothing_is_given_up_and_the_plan_goes_on() -> None:
    events = when(CHARGING, c.AbandonAttempt(attempt=1, evidence="no_charge"), THURSDAY)
    assert kinds(events) == [e.AttemptAbandoned, e.AttemptPlanned]
    assert state(CHARGING, events).attempts == 1


def test_a_late_refusal_of_an_abandoned_attempt_is_a_decline_and_changes_no_plan() -> None:
    given = (*CHARGING, *when(CHARGING, c.AbandonAttempt(attempt=1, evidence="?"), THURSDAY))
    assert kinds(when(given, refused(), THURSDAY)) == [e.ChargeDeclined]


def test_three_retries_of_the_preset_all_fall_inside_its_window() -> None:
    history, now = WAITING, MONDAY
    for number in (1, 2, 3):
        due_at = state(history).next_attempt_at
        assert due_at is not None
        now = due_at + timedelta(seconds=4)
        history = (*history, *when(history, to_begin(number), now))
        failure = declined(charge=f"ch_{number + 1}", at=now)
        answer = c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=number)
        history = (*history, *when(history, answer, now))
    assert state(history).attempts == 3
    assert now - MONDAY < 13 * DAY


def test_a_card_of_which_nothing_bad_was_heard_may_be_charged() -> None:
    given = after(to_open(last_failure=None))
    assert kinds(when(given, to_begin(last_failure=None), THURSDAY)) == [e.AttemptStarted]
