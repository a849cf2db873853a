"""Text messages: few in a case, at hours of their own, and within what a person may hear at all."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.policy import Channel, ContactBudget, Plan, Policy, Since, Step, Template
from domain.policy.faults import EARLIEST_TEXT, LATEST_TEXT
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.campaign import may_go_from
from domain.simulate import Scenario, simulate
from tests.builders import DAY, HOUR, MONDAY, a_basis, a_policy, after, to_open
from tests.domain.given import History, kinds, state, when

TEXT = Step(template=Template.UPDATE_CARD, channel=Channel.SMS)
NEXT = replace(TEXT, after=DAY)
LETTER = Step(template=Template.FINAL_NOTICE, after=2 * DAY)
WAITING = after(to_open())
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe")
SCENARIO = Scenario(opened_at=MONDAY, amount_minor=29_00, currency="eur")


def of(*steps: Step, **changes: object) -> Policy:
    """No charges for lack of money, only these messages, as often as they like."""
    often = ContactBudget(gap=HOUR, per_day=4, per_week=10, per_month=20)
    plans = {DeclineFamily.FUNDS: Plan(campaign=steps)}
    return a_policy(**{"plans": plans, "contacts": often, **changes})


def write(step: int = 1) -> c.BeginReminder:
    return c.BeginReminder(step=step, message_id=f"{step}@mail")


def opened(policy: Policy) -> History:
    return when((), to_open(), policy=policy)


def sent(given: History, policy: Policy, step: int = 1, at: datetime = MONDAY) -> History:
    return (*given, *when(given, write(step), at, policy))


def test_a_text_is_planned_and_begun_as_what_it_is() -> None:
    policy = of(TEXT)
    history = sent(opened(policy), policy)
    planned = next(event for event in history if isinstance(event, e.ReminderPlanned))
    assert planned.channel is Channel.SMS
    begun = history[-1]
    assert isinstance(begun, e.ReminderStarted)
    assert begun.channel is Channel.SMS
    assert state(history).texts == 1


def test_one_text_a_case_is_what_a_policy_allows_that_says_nothing() -> None:
    policy = of(TEXT, NEXT, LETTER)
    history = sent(opened(policy), policy)
    assert history[-2:] == (
        e.ReminderSkipped(at=MONDAY, step=2, reason="text_limit"),
        e.ReminderPlanned(
            at=MONDAY, step=3, due_at=MONDAY + 2 * DAY, template=Template.FINAL_NOTICE
        ),
    )


def test_more_where_the_policy_says_more_and_none_where_it_says_none() -> None:
    two = of(TEXT, NEXT, most_texts=2)
    again = sent(sent(opened(two), two), two, step=2, at=MONDAY + DAY)
    assert state(again).texts == 2
    none = opened(of(TEXT, LETTER, most_texts=0))
    assert e.ReminderSkipped(at=MONDAY, step=1, reason="text_limit") in none


def test_a_text_that_was_not_taken_is_none_and_goes_an_hour_later() -> None:
    policy = of(TEXT)
    history = sent(opened(policy), policy)
    later = c.FailReminder(step=1, reason="429", final=False)
    failed = when(history, later, MONDAY, policy)
    assert kinds(failed) == [e.ReminderFailed, e.ReminderPlanned]
    again = (*history, *failed)
    assert state(again).texts == 0
    assert state(sent(again, policy, at=MONDAY + HOUR)).texts == 1


def test_a_text_that_could_not_be_delivered_uses_its_step_up() -> None:
    policy = of(TEXT, NEXT)
    history = sent(opened(policy), policy)
    undelivered = c.FailReminder(step=1, reason="30005", final=True)
    assert kinds(when(history, undelivered, MONDAY + HOUR, policy)) == [e.ReminderFailed]


def test_it_waits_for_the_hours_of_texts_where_a_letter_would_go() -> None:
    early = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)  # nine in Berlin
    policy = of(TEXT, timezone="Europe/Berlin", first_mail_hour=6, last_mail_hour=22)
    strict = replace(policy, first_text_hour=10)
    case = state(opened(policy))
    assert may_go_from(case, a_basis(strict), early)[0] == early
    at, rejected = may_go_from(case, a_basis(strict), early, Channel.SMS)
    assert at == early + HOUR
    assert [one.rule for one in rejected] == ["quiet_hours"]


def test_it_counts_as_a_message_to_the_person() -> None:
    policy = of(
        TEXT,
        replace(LETTER, after=HOUR),
        contacts=ContactBudget(gap=3 * DAY, per_day=1, per_week=2, per_month=5),
    )
    history = sent(opened(policy), policy)
    planned = history[-1]
    assert isinstance(planned, e.ReminderPlanned)
    assert planned.due_at >= MONDAY + 3 * DAY


def test_whoever_asks_for_quiet_is_not_texted_either() -> None:
    policy = of(TEXT)
    history = opened(policy)
    paused = (*history, *when(history, c.PauseCase(by=e.Pauser.CUSTOMER), MONDAY, policy))
    assert when(paused, write(), MONDAY + HOUR, policy) == ()


@st.composite
def hours(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Hours for messages and hours for texts that have one in common."""
    common = draw(st.integers(EARLIEST_TEXT, LATEST_TEXT - 1))
    mails = draw(st.integers(0, common)), draw(st.integers(common + 1, 24))
    texts = draw(st.integers(EARLIEST_TEXT, common)), draw(st.integers(common + 1, LATEST_TEXT))
    return *mails, *texts


@given(st.sampled_from(ZONES), st.timedeltas(timedelta(), 365 * DAY), hours())
def test_no_text_goes_outside_of_either_hours_over_changes_of_the_clock(
    zone: str, since: timedelta, drawn: tuple[int, int, int, int]
) -> None:
    first_mail, last_mail, first_text, last_text = drawn
    policy = of(
        TEXT,
        first_mail_hour=first_mail,
        last_mail_hour=last_mail,
        first_text_hour=first_text,
        last_text_hour=last_text,
    )
    case = replace(state(WAITING), timezone=zone)
    asked = MONDAY + since
    at, _ = may_go_from(case, a_basis(policy), asked, Channel.SMS)
    hour = at.astimezone(ZoneInfo(zone)).hour
    assert first_text <= hour < last_text
    assert first_mail <= hour < last_mail
    assert asked <= at < asked + 2 * DAY


@given(st.lists(st.sampled_from(Channel), max_size=8), st.integers(0, 4))
def test_whatever_a_campaign_asks_for_so_many_texts_go_and_no_more(
    channels: list[Channel], most: int
) -> None:
    steps = tuple(
        Step(template=Template.PAYMENT_FAILED, after=number * DAY, channel=channel)
        for number, channel in enumerate(channels)
    )
    policy = of(*steps, most_texts=most)
    shown = simulate(policy, SCENARIO)
    gone = [entry.channel for entry in shown.entries if entry.what == "reminder_started"]
    assert gone.count(Channel.SMS) == min(most, channels.count(Channel.SMS))
    assert gone.count(Channel.EMAIL) == channels.count(Channel.EMAIL)


@pytest.mark.parametrize("since", [Since.OPENED, Since.END])
def test_a_preview_tells_texts_from_letters(since: Since) -> None:
    step = replace(TEXT, since=since, after=2 * DAY)
    told = [entry for entry in simulate(of(step), SCENARIO).entries if entry.template]
    assert {entry.channel for entry in told} == {Channel.SMS}
