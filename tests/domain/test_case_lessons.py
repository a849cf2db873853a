"""What a case teaches: each charge and each message once, and the days without."""

from datetime import datetime

import pytest
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.invoice import Profile
from domain.network import CardUse
from domain.policy import Channel, Template
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.case import RecoveryCase, evolve, replay
from domain.recovery.lessons import lessons
from domain.recovery.situation import situation_of
from domain.timing.lessons import ChargeLesson, Lesson, MessageLesson, QuietLesson, Reaction
from tests.builders import DAY, HOUR, MONDAY, NEW_VISA, after, declined, to_begin, to_open
from tests.domain.given import History, state, when

THURSDAY = MONDAY + 3 * DAY - 2 * HOUR
TUESDAY = MONDAY + DAY
WAITING = after(to_open())
CHARGING = after(to_open(), (THURSDAY, to_begin()))
WRITE = c.BeginReminder(step=1, message_id="1@mail")
WRITTEN = (*WAITING, *when(WAITING, WRITE, TUESDAY))
PAID = c.RecordPayment(amount_minor=29_00, by=e.Payer.CUSTOMER)


def taught(given: History, command: c.Command, at: datetime) -> tuple[Lesson, ...]:
    """What comes of telling this."""
    before = replay(given)
    events = when(given, command, at)
    after_ = before
    for event in events:
        after_ = evolve(after_, event)
    return lessons(before, events, after_, "acct_bakery")


def reactions(found: tuple[Lesson, ...]) -> list[tuple[str, str]]:
    """Message or quiet, and what the customer did."""
    return [
        (type(one).__name__, one.reaction.value)
        for one in found
        if isinstance(one, MessageLesson | QuietLesson)
    ]


def test_a_refused_charge_teaches_in_the_situation_in_which_it_began() -> None:
    failure = declined(charge="ch_2", at=THURSDAY)
    answer = c.RecordDecline(failure=failure, by=e.Payer.CHARGECHASE, attempt=1)
    (lesson,) = taught(CHARGING, answer, THURSDAY + HOUR)
    assert isinstance(lesson, ChargeLesson)
    assert (lesson.at, lesson.succeeded) == (THURSDAY, False)
    assert lesson.situation == situation_of(state(WAITING), THURSDAY, "acct_bakery")
    assert lesson.situation.tries == 0
    again = when(CHARGING, answer, THURSDAY + HOUR)
    assert taught((*CHARGING, *again), answer, THURSDAY + HOUR) == ()


def test_a_charge_that_went_through_teaches_and_one_of_others_does_not() -> None:
    ours = c.RecordPayment(amount_minor=29_00, by=e.Payer.CHARGECHASE, attempt=1)
    (lesson,) = taught(CHARGING, ours, THURSDAY)
    assert isinstance(lesson, ChargeLesson)
    assert lesson.succeeded
    assert not any(isinstance(one, ChargeLesson) for one in taught(CHARGING, PAID, THURSDAY))
    stripes = c.RecordDecline(failure=declined(charge="ch_9"), by=e.Payer.STRIPE)
    assert taught(WAITING, stripes, TUESDAY) == ()


def test_a_message_that_is_answered_within_a_week_was_acted_upon() -> None:
    (lesson,) = taught(WRITTEN, c.ReplaceCard(card=NEW_VISA), TUESDAY + 2 * DAY)
    assert isinstance(lesson, MessageLesson)
    assert (lesson.at, lesson.reaction) == (TUESDAY, Reaction.ACTED)
    assert (lesson.template, lesson.channel) == (Template.PAYMENT_FAILED, Channel.EMAIL)
    assert lesson.situation.messages == 0


@pytest.mark.parametrize(
    ("command", "reaction"),
    [
        (PAID, "acted"),
        (c.PickDate(at=MONDAY + 5 * DAY), "acted"),
        (c.PromisePayment(until=MONDAY + 5 * DAY), "acted"),
        (c.StopCase(reason=e.StopReason.CANCELLED), "cancelled"),
    ],
)
def test_each_way_of_reacting_is_told_apart(command: c.Command, reaction: str) -> None:
    assert reactions(taught(WRITTEN, command, TUESDAY + DAY)) == [("MessageLesson", reaction)]


@pytest.mark.parametrize(
    "command",
    [
        c.StopCase(reason=e.StopReason.VOIDED),
        c.RecordPayment(amount_minor=29_00, by=e.Payer.STRIPE),
        c.ReplaceCard(card=NEW_VISA, by=e.CardSource.NETWORK),
    ],
)
def test_what_is_not_the_customers_doing_says_nothing_of_a_message(command: c.Command) -> None:
    by_stripe = replace(state(WRITTEN), stripe_retry_at=THURSDAY)  # not taken over yet
    events = when(WRITTEN, command, TUESDAY + DAY)
    if isinstance(command, c.RecordPayment):
        events = (e.CaseRecovered(at=TUESDAY + DAY, amount_minor=29_00, by=e.Payer.STRIPE),)
    after_ = by_stripe
    for event in events:
        after_ = evolve(after_, event)
    assert lessons(by_stripe, events, after_, "m") == ()


def test_the_next_message_ends_the_one_before() -> None:
    second = c.BeginReminder(step=2, message_id="2@mail")
    found = taught(WRITTEN, second, MONDAY + 5 * DAY)
    assert reactions(found) == [("MessageLesson", "nothing")]


def test_after_a_week_a_message_has_not_worked_and_what_follows_was_not_its_doing() -> None:
    late = TUESDAY + 9 * DAY
    found = taught(WRITTEN, PAID, late)
    assert reactions(found) == [("MessageLesson", "nothing"), ("QuietLesson", "acted")]
    quiet = found[1]
    assert isinstance(quiet, QuietLesson)
    assert (quiet.at, quiet.days) == (TUESDAY + 7 * DAY, 2)
    refusal = c.RecordDecline(failure=declined(charge="ch_7", at=late), by=e.Payer.STRIPE)
    assert reactions(taught(WRITTEN, refusal, late)) == [("MessageLesson", "nothing")]
    told = (*WRITTEN, *when(WRITTEN, refusal, late))
    assert reactions(taught(told, PAID, late)) == [("QuietLesson", "acted")]


def test_days_without_a_message_are_told_when_one_goes() -> None:
    (quiet,) = taught(WAITING, WRITE, MONDAY + 2 * DAY)
    assert isinstance(quiet, QuietLesson)
    assert (quiet.at, quiet.days, quiet.reaction) == (MONDAY, 2, Reaction.NOTHING)
    assert quiet.situation.family is DeclineFamily.FUNDS


def test_less_than_half_a_day_without_anything_is_not_told() -> None:
    asked = after(to_open(last_failure=declined("expired_card")))
    assert taught(asked, WRITE, MONDAY + HOUR) == ()
    assert reactions(taught(asked, PAID, MONDAY + HOUR)) == [("QuietLesson", "acted")]


def test_a_question_begins_other_days_than_those_before_it() -> None:
    found = taught(WAITING, c.RequestAuthentication(), TUESDAY)
    assert reactions(found) == [("QuietLesson", "nothing")]
    given = (*WAITING, *when(WAITING, c.RequestAuthentication(), TUESDAY))
    (later,) = taught(given, PAID, TUESDAY + DAY)
    assert later.situation.asked


def test_a_message_that_did_not_arrive_teaches_nothing() -> None:
    failed = c.FailReminder(step=1, reason="550", final=True)
    assert taught(WRITTEN, failed, TUESDAY) == ()
    given = (*WRITTEN, *when(WRITTEN, failed, TUESDAY))
    assert reactions(taught(given, PAID, TUESDAY + DAY)) == [("QuietLesson", "acted")]


def test_a_lost_case_tells_that_its_last_message_did_nothing() -> None:
    over = MONDAY + 14 * DAY
    assert reactions(taught(WRITTEN, c.CloseCase(), over)) == [
        ("MessageLesson", "nothing"),
        ("QuietLesson", "nothing"),
    ]
    lost = (*WRITTEN, *when(WRITTEN, c.CloseCase(), over))
    assert taught(lost, PAID, over) == ()


def test_a_charge_of_an_invoice_that_is_not_there_teaches_nothing() -> None:
    opening = when((), to_open())
    assert lessons(RecoveryCase(), opening, replay(opening), "m") == ()


PROFILE = Profile(
    country="DE", timezone="Europe/Berlin", interval="year", subscribed_at=MONDAY - 400 * DAY
)


@pytest.mark.parametrize(
    ("interval", "amount_minor"), [("year", 2_42), ("month", 29_00), ("week", 125_67)]
)
def test_a_months_worth_follows_from_the_invoice_where_nobody_says(
    interval: str, amount_minor: int
) -> None:
    case = state(when((), to_open(profile=replace(PROFILE, interval=interval))))
    told = replace(PROFILE, monthly_minor=amount_minor)
    as_told = state(when((), to_open(profile=told)))
    found, same = (situation_of(one, MONDAY, "m") for one in (case, as_told))
    assert found.monthly_cents == same.monthly_cents > 0


def test_what_is_no_subscription_brings_nothing_a_month() -> None:
    once = state(when((), to_open(profile=Profile(country="DE"))))
    assert situation_of(once, MONDAY, "m").monthly_cents == 0


def test_a_situation_says_what_is_known_and_nothing_of_the_person() -> None:
    case = state(when((), to_open(profile=PROFILE)))
    found = situation_of(case, MONDAY, "m", CardUse(month=(MONDAY,) * 3))
    assert (found.country, found.timezone, found.tenure_days) == ("DE", "Europe/Berlin", 400)
    assert (found.tries, found.month_tries, found.code) == (0, 3, "insufficient_funds")
    assert (found.brand, found.funding, found.interval) == ("visa", "credit", "year")
    bare = situation_of(state(when((), to_open(last_failure=None, card=None))), MONDAY, "m")
    assert (bare.brand, bare.country, bare.tenure_days, bare.monthly_cents) == (None, None, None, 0)


def test_every_refusal_of_a_new_card_is_a_try_of_it() -> None:
    given = (*WAITING, *when(WAITING, c.ReplaceCard(card=NEW_VISA), TUESDAY))
    failure = declined(charge="ch_2", at=TUESDAY, card=NEW_VISA)
    given = (*given, *when(given, c.RecordDecline(failure=failure, by=e.Payer.CUSTOMER), TUESDAY))
    assert situation_of(state(given), TUESDAY, "m").tries == 1
    second = declined(charge="ch_3", at=TUESDAY + HOUR)
    old = (*WAITING, *when(WAITING, c.RecordDecline(failure=second, by=e.Payer.STRIPE), TUESDAY))
    assert situation_of(state(old), TUESDAY, "m").tries == 1
