"""Which message is next, what it waits for, and what makes it not go."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.invoice import Profile
from domain.policy import Channel, ContactBudget, Learned, Plan, Policy, Since, Step, Template
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.campaign import may_go_from
from domain.recovery.plan import plan
from tests.builders import (
    DAY,
    HOUR,
    MONDAY,
    NEW_VISA,
    a_basis,
    a_policy,
    after,
    declined,
    to_open,
)
from tests.domain.given import History, explained, kinds, state, when
from tests.domain.test_calendar import ZONES, changes, steps_around

TUESDAY = MONDAY + DAY
WAITING = after(to_open())
ROOM = ContactBudget(gap=HOUR, per_day=4, per_week=9, per_month=9)
FINAL = Step(template=Template.FINAL_NOTICE, after=2 * DAY, since=Since.END)


def of(*steps: Step, **changes: object) -> Policy:
    """No charges for lack of money, only these messages."""
    plans = {DeclineFamily.FUNDS: Plan(campaign=steps)}
    return a_policy(**{"plans": plans, **changes})


def write(step: int = 1) -> c.BeginReminder:
    return c.BeginReminder(step=step, message_id=f"{step}@mail")


def letters(events: History) -> list[tuple[int, datetime, Template]]:
    """The messages planned: step, instant, template."""
    planned = [event for event in events if isinstance(event, e.ReminderPlanned)]
    return [(event.step, event.due_at, event.template) for event in planned]


def test_a_step_carries_its_template_and_its_reason() -> None:
    events = explained((), to_open())
    planned = events[-1]
    assert isinstance(planned, e.ReminderPlanned)
    assert (planned.template, planned.channel) == (Template.PAYMENT_FAILED, Channel.EMAIL)
    assert planned.why is not None
    assert planned.why.inputs == {"template": "payment_failed", "since": "opened"}


def test_a_step_can_count_back_from_the_end() -> None:
    events = when((), to_open(), policy=of(FINAL))
    assert letters(events) == [(1, MONDAY + 12 * DAY, Template.FINAL_NOTICE)]


def test_a_step_that_counts_from_a_question_waits_until_it_is_asked() -> None:
    asking = Step(template=Template.UPDATE_CARD, after=2 * HOUR, since=Since.ASKED)
    learned = Plan(retries=Learned(tries=3, gap=DAY), campaign=(asking, FINAL))
    policy = a_policy(
        plans={DeclineFamily.FUNDS: learned, DeclineFamily.NEEDS_AUTHENTICATION: learned}
        | {DeclineFamily.NEEDS_AUTHENTICATION: Plan(campaign=(asking, FINAL))}
    )
    opened = when((), to_open(), policy=policy)
    assert letters(opened) == [(2, MONDAY + 12 * DAY, Template.FINAL_NOTICE)]
    asked = when(opened, c.RequestAuthentication(), MONDAY + HOUR, policy)
    assert letters(asked) == [(1, MONDAY + 3 * HOUR, Template.UPDATE_CARD)]
    assert state(opened, asked).asked_at == MONDAY + HOUR
    # Gone is gone: after the first, the last is planned again.
    sent = when((*opened, *asked), write(), MONDAY + 3 * HOUR, policy)
    assert letters(sent) == [(2, MONDAY + 12 * DAY, Template.FINAL_NOTICE)]


def test_a_question_that_is_not_asked_any_more_needs_no_letter() -> None:
    asking = Step(template=Template.UPDATE_CARD, after=DAY, since=Since.ASKED)
    policy = of(asking)
    asked = when((), to_open(), policy=policy)
    assert kinds(asked)[2:] == [e.CustomerAsked, e.ReminderPlanned]
    charge = e.AttemptPlanned(at=MONDAY, number=1, due_at=MONDAY + 3 * DAY, rule="picked_date")
    events = when((*asked, charge), write(), TUESDAY, policy)
    assert events == (e.ReminderSkipped(at=TUESDAY, step=1, reason="not_asked"),)


def test_a_letter_that_the_plan_does_not_have_any_more_does_not_go() -> None:
    merchants_fault = declined("invalid_business_account", "ch_2", at=MONDAY + HOUR)
    told = c.RecordDecline(failure=merchants_fault, by=e.Payer.STRIPE)
    given_ = (*WAITING, *when(WAITING, told, MONDAY + HOUR))
    assert when(given_, write(), TUESDAY) == (
        e.ReminderSkipped(at=TUESDAY, step=1, reason="not_in_plan"),
    )


def test_nobody_is_written_to_between_giving_a_card_and_its_charge() -> None:
    events = when(WAITING, c.ReplaceCard(card=NEW_VISA))
    case = state(WAITING, events)
    assert case.reminder is None
    assert plan(replace(case, next_attempt_at=None, new_card=False), a_basis(), MONDAY)


def test_only_one_case_of_a_person_speaks() -> None:
    skipped, following = when(WAITING, write(), TUESDAY, spoken_for=True)
    assert skipped == e.ReminderSkipped(at=TUESDAY, step=1, reason="spoken_for")
    assert isinstance(following, e.ReminderPlanned)
    assert following.step == 2


def test_letters_of_other_cases_count_in_the_persons_budget() -> None:
    recent = MONDAY + DAY - HOUR
    (later,) = when(WAITING, write(), TUESDAY, contacts=(recent,))
    assert isinstance(later, e.ReminderPlanned)
    assert later.due_at == recent + 2 * DAY
    planned = when((), to_open(), contacts=(MONDAY - HOUR,))[-1]
    assert isinstance(planned, e.ReminderPlanned)
    assert planned.due_at == MONDAY - HOUR + 2 * DAY


@pytest.mark.parametrize(
    ("limits", "hours"),
    [
        (ContactBudget(gap=HOUR, per_day=2, per_week=9, per_month=9), 24),
        (ContactBudget(gap=HOUR, per_day=2, per_week=2, per_month=9), 7 * 24),
        (ContactBudget(gap=HOUR, per_day=2, per_week=2, per_month=2), 30 * 24),
        (ContactBudget(gap=30 * HOUR, per_day=4, per_week=9, per_month=9), 30 + 3),
    ],
)
def test_each_line_of_the_budget_holds(limits: ContactBudget, hours: int) -> None:
    policy = a_policy(contacts=limits, first_mail_hour=0, last_mail_hour=24)
    before = (MONDAY, MONDAY + 3 * HOUR)
    at, rejected = may_go_from(state(WAITING), a_basis(policy, contacts=before), MONDAY + 4 * HOUR)
    assert at == MONDAY + hours * HOUR
    assert [one.rule for one in rejected] == ["contact_budget"]


def test_the_hours_are_those_of_the_customer_where_they_are_known() -> None:
    tokyo = Profile(country="JP", timezone="Asia/Tokyo")
    planned = explained((), to_open(profile=tokyo))[-1]
    assert isinstance(planned, e.ReminderPlanned)
    # 19:00 in Tokyo on Tuesday is too late: Wednesday at nine.
    assert planned.due_at == MONDAY + 38 * HOUR
    assert planned.why is not None
    assert [one.rule for one in planned.why.rejected] == ["quiet_hours"]


def test_small_debts_are_not_written_about_where_the_step_says_so() -> None:
    big = Step(template=Template.PAYMENT_FAILED, at_least_cents=100_000)
    small = Step(template=Template.FINAL_NOTICE, after=DAY, at_least_cents=100)
    events = when((), to_open(), policy=of(big, small))
    assert events[3] == e.ReminderSkipped(at=MONDAY, step=1, reason="too_small")
    assert letters(events) == [(2, TUESDAY, Template.FINAL_NOTICE)]


def test_a_failed_letter_is_found_though_the_steps_after_it_were_passed_over() -> None:
    nothing = Step(template=Template.PAYMENT_FAILED, after=2 * DAY, at_least_cents=100_000)
    policy = of(Step(template=Template.PAYMENT_FAILED), nothing)
    opened = when((), to_open(), policy=policy)
    sent = when(opened, write(), MONDAY, policy)
    assert kinds(sent) == [e.ReminderStarted, e.ReminderSkipped]
    failed = c.FailReminder(step=1, reason="451 later", final=False)
    again = when((*opened, *sent), failed, MONDAY, policy)
    assert kinds(again) == [e.ReminderFailed, e.ReminderPlanned]


def test_a_letter_that_fails_in_a_pause_is_not_planned_again() -> None:
    sent = (*WAITING, *when(WAITING, write(), TUESDAY))
    paused = (*sent, *when(sent, c.PauseCase(by=e.Pauser.MERCHANT), TUESDAY))
    failed = c.FailReminder(step=1, reason="451 later", final=False)
    assert kinds(when(paused, failed, TUESDAY)) == [e.ReminderFailed]


@pytest.mark.parametrize("name", ZONES)
def test_no_message_goes_at_night_around_any_change_of_the_clocks(name: str) -> None:
    zone, quarter = ZoneInfo(name), timedelta(minutes=15)
    case = replace(state(WAITING), timezone=name)
    policy = a_policy(timezone=name, contacts=ROOM)
    basis = a_basis(policy)
    day = range(policy.first_mail_hour, policy.last_mail_hour)
    for change in changes(zone):
        for wanted in steps_around(change):
            at, _ = may_go_from(case, basis, wanted)
            assert at.astimezone(zone).hour in day
            # And at the first such instant: not a quarter of an hour was lost.
            assert at == wanted or (at - quarter).astimezone(zone).hour not in day


budgets = st.builds(
    lambda gap, day, week, month: ContactBudget(
        gap=gap, per_day=day, per_week=day + week, per_month=day + week + month
    ),
    st.integers(1, 120).map(lambda hours: hours * HOUR),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(0, 4),
)
instants = st.lists(st.timedeltas(timedelta(), timedelta(days=30)), max_size=12)


@given(instants, instants, budgets, st.randoms(use_true_random=False))
def test_no_message_breaks_the_persons_budget_in_whatever_order_the_others_went(
    others: list[timedelta], own: list[timedelta], limits: ContactBudget, shuffle: object
) -> None:
    contacts = [MONDAY + since for since in others]
    shuffle.shuffle(contacts)  # type: ignore[attr-defined]
    policy = a_policy(contacts=limits)
    case = replace(state(WAITING), letters=tuple(sorted(MONDAY + since for since in own)))
    wanted = MONDAY + 31 * DAY
    at, _ = may_go_from(case, a_basis(policy, contacts=tuple(contacts)), wanted)
    assert at is not None
    everything = sorted({*contacts, *case.letters})
    assert all(at - one >= limits.gap for one in everything)
    windows = ((DAY, limits.per_day), (7 * DAY, limits.per_week), (30 * DAY, limits.per_month))
    for window, limit in windows:
        assert sum(one > at - window for one in everything) < limit
