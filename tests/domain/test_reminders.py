"""Letters to the customer: each step once, in order, in the day's hours, never too close."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.policy import Plan, Template
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.why import Rejected, Why
from tests.builders import (
    DAY,
    HOUR,
    MONDAY,
    a_campaign,
    a_policy,
    after,
    declined,
    to_begin,
    to_open,
)
from tests.domain.given import explained, kinds, state, when

TUESDAY = MONDAY + DAY  # 11:00 in Berlin: the first reminder is due
THURSDAY = MONDAY + 3 * DAY - 2 * HOUR
WAITING = after(to_open())


def write(step: int = 1) -> c.BeginReminder:
    return c.BeginReminder(step=step, message_id=f"{step}@mail")


def fail(step: int = 1, *, final: bool = False) -> c.FailReminder:
    return c.FailReminder(step=step, reason="451 later", final=final)


def test_a_due_reminder_goes_and_the_next_is_planned() -> None:
    assert when(WAITING, write(), TUESDAY) == (
        e.ReminderStarted(
            at=TUESDAY, step=1, message_id="1@mail", template=Template.PAYMENT_FAILED
        ),
        e.ReminderPlanned(at=TUESDAY, step=2, due_at=MONDAY + 5 * DAY),
    )


@pytest.mark.parametrize("step", [0, 2, 3])
def test_only_the_step_that_is_due_goes(step: int) -> None:
    assert when(WAITING, write(step), TUESDAY) == ()


def test_a_doubled_job_writes_nothing() -> None:
    given = (*WAITING, *when(WAITING, write(), TUESDAY))
    assert when(given, write(), TUESDAY) == ()


def test_a_job_that_comes_before_its_time_writes_nothing() -> None:
    assert when(WAITING, write(), TUESDAY - timedelta(seconds=1)) == ()


def test_nobody_is_written_to_while_their_card_is_being_charged() -> None:
    given = after(to_open(), (THURSDAY, to_begin()))
    assert when(given, write(), THURSDAY) == ()
    assert when(given, c.SkipReminder(step=1, reason="no_address"), THURSDAY) == ()


@pytest.mark.parametrize("hour", [19, 23, 0, 3, 8])
def test_a_worker_that_comes_at_night_leaves_the_letter_for_the_morning(hour: int) -> None:
    night = TUESDAY.replace(hour=0) + DAY + (hour - 1) * HOUR  # Berlin is an hour ahead
    (later,) = when(WAITING, write(), night)
    assert isinstance(later, e.ReminderPlanned)
    assert later.due_at > night
    assert (later.due_at + HOUR).hour == 9


def test_a_letter_that_would_go_after_the_window_does_not_go() -> None:
    evening = MONDAY + 14 * DAY - 2 * HOUR - timedelta(minutes=1)  # 08:59 on the last morning
    closing_at_night = a_policy(window=14 * DAY - 3 * HOUR)
    given = after(to_open(), policy=closing_at_night)
    night = evening - 2 * HOUR
    assert when(given, write(), night, closing_at_night) == (
        e.ReminderSkipped(at=night, step=1, reason="window"),
    )


def test_a_reminder_that_is_begun_after_the_window_ends_the_case_instead() -> None:
    over = MONDAY + 14 * DAY
    lost = e.CaseLost(at=over, reason=e.LossReason.WINDOW_OVER)
    assert when(WAITING, write(), over) == (lost,)


def test_two_letters_keep_their_distance_however_late_the_first_was() -> None:
    late = MONDAY + 4 * DAY
    events = when(WAITING, write(), late)
    assert events[1] == e.ReminderPlanned(at=late, step=2, due_at=late + 2 * DAY)


def test_a_customer_without_an_address_is_passed_over_and_the_next_step_stays_planned() -> None:
    events = when(WAITING, c.SkipReminder(step=1, reason="no_address"), TUESDAY)
    assert kinds(events) == [e.ReminderSkipped, e.ReminderPlanned]
    assert state(WAITING, events).wrote_at is None


def delay(until: datetime, step: int = 1) -> c.DelayReminder:
    return c.DelayReminder(step=step, until=until, rule="mail_minute")


def test_a_letter_that_has_to_wait_is_planned_anew_and_says_what_it_waits_for() -> None:
    (later,) = explained(WAITING, delay(TUESDAY + HOUR), TUESDAY)
    assert later == e.ReminderPlanned(
        at=TUESDAY,
        step=1,
        due_at=TUESDAY + HOUR,
        why=Why(rejected=(Rejected(what="message", rule="mail_minute", at=TUESDAY),)),
    )
    given = (*WAITING, later)
    assert when(given, write(), TUESDAY) == ()
    assert kinds(when(given, write(), TUESDAY + HOUR))[0] is e.ReminderStarted


def test_a_letter_that_has_to_wait_into_the_night_goes_in_the_morning() -> None:
    (later,) = when(WAITING, delay(TUESDAY + 12 * HOUR), TUESDAY)
    assert isinstance(later, e.ReminderPlanned)
    assert (later.due_at + HOUR).hour == 9


def test_a_letter_that_would_have_to_wait_beyond_the_end_is_passed_over() -> None:
    (skipped,) = when(WAITING, delay(MONDAY + 15 * DAY), TUESDAY)
    assert skipped == e.ReminderSkipped(at=TUESDAY, step=1, reason="window")


@pytest.mark.parametrize("step", [0, 2])
def test_only_the_step_that_is_due_can_wait(step: int) -> None:
    assert when(WAITING, delay(TUESDAY + HOUR, step), TUESDAY) == ()
    assert when(WAITING, delay(TUESDAY + HOUR), TUESDAY - HOUR) == ()


def test_after_the_last_step_no_letter_is_planned() -> None:
    one = a_policy(
        plans={DeclineFamily.FUNDS: Plan(campaign=a_campaign(Template.PAYMENT_FAILED, DAY))}
    )
    given = after(to_open(), policy=one)
    assert kinds(when(given, write(), TUESDAY, one)) == [e.ReminderStarted]


def test_a_reminder_after_the_end_of_the_window_is_not_planned() -> None:
    short = a_policy(
        window=DAY,
        plans={
            DeclineFamily.NEEDS_NEW_CARD: Plan(campaign=a_campaign(Template.UPDATE_CARD, 15 * HOUR))
        },
    )
    # 15 hours later is within the window; nine in the morning is not.
    lost = to_open(last_failure=declined("lost_card", at=MONDAY - 5 * HOUR))
    assert e.ReminderPlanned not in kinds(when((), lost, policy=short))


def test_a_question_is_asked_soon_even_if_a_letter_was_planned_for_later() -> None:
    stolen = c.RecordDecline(
        failure=declined("stolen_card", "ch_2", at=MONDAY + HOUR), by=e.Payer.STRIPE
    )
    events = when(WAITING, stolen, MONDAY + HOUR)
    assert events[2] == e.ReminderPlanned(
        at=MONDAY + HOUR, step=1, due_at=MONDAY + HOUR, template=Template.UPDATE_CARD
    )


def test_who_must_show_themselves_hears_as_soon_as_the_plan_for_that_says() -> None:
    events = when(WAITING, c.RequestAuthentication(), MONDAY)
    assert events[1] == e.ReminderPlanned(
        at=MONDAY, step=1, due_at=MONDAY + HOUR, template=Template.AUTHENTICATE
    )


def test_a_letter_that_was_certainly_not_sent_is_tried_again_an_hour_later() -> None:
    given = (*WAITING, *when(WAITING, write(), TUESDAY))
    assert when(given, fail(), TUESDAY) == (
        e.ReminderFailed(at=TUESDAY, step=1, reason="451 later"),
        e.ReminderPlanned(at=TUESDAY, step=1, due_at=TUESDAY + HOUR),
    )


def test_a_refused_letter_is_not_tried_again_and_the_next_step_stands() -> None:
    given = (*WAITING, *when(WAITING, write(), TUESDAY))
    failed = when(given, fail(final=True), TUESDAY)
    assert kinds(failed) == [e.ReminderFailed]
    reminder = state(given, failed).reminder
    assert reminder is not None
    assert reminder.step == 2


def test_a_failure_of_a_letter_that_was_not_begun_is_ignored() -> None:
    assert when(WAITING, fail(), TUESDAY) == ()
    given = (*WAITING, *when(WAITING, write(), TUESDAY))
    given = (*given, *when(given, fail(), TUESDAY))
    assert when(given, fail(), TUESDAY) == ()


def test_a_letter_that_fails_at_the_very_end_is_given_up() -> None:
    end = MONDAY + 14 * DAY - timedelta(minutes=30)
    given = (*WAITING, *when(WAITING, write(), end))
    assert kinds(when(given, fail(), end)) == [e.ReminderFailed]


def test_a_letter_that_fails_while_a_charge_began_is_still_tried_again() -> None:
    given = (*WAITING, *when(WAITING, write(), THURSDAY))
    given = (*given, *when(given, to_begin(), THURSDAY))
    events = when(given, fail(), THURSDAY)
    assert kinds(events) == [e.ReminderFailed, e.ReminderPlanned]
    assert state(given, events).phase.value == "charging"


def test_the_hours_for_mail_are_the_merchants_own() -> None:
    night_owl = replace(a_policy(), first_mail_hour=20, last_mail_hour=24)
    events = when((), to_open(), policy=night_owl)
    planned = events[-1]
    assert isinstance(planned, e.ReminderPlanned)
    assert planned.due_at == TUESDAY + 9 * HOUR
