"""Messages that go only if they are worth it, and those of a question, which count apart."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.invoice import Profile
from domain.policy import Channel, Learned, Plan, Policy, Since, Step, Template
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.decide import decide
from domain.recovery.situation import situation_of
from domain.timing.knowledge import Knowledge
from domain.timing.lessons import MessageLesson, Reaction
from tests.builders import DAY, HOUR, MONDAY, a_basis, a_policy, after, declined, to_open
from tests.domain.chase import Chase
from tests.domain.given import History, kinds, state

TUESDAY, THURSDAY, FRIDAY = MONDAY + DAY, MONDAY + 3 * DAY, MONDAY + 4 * DAY
FIRST = Step(template=Template.PAYMENT_FAILED, after=DAY, if_worthwhile=True)
SECOND = Step(template=Template.PAYMENT_FAILED, after=3 * DAY, if_worthwhile=True)
FINAL = Step(template=Template.FINAL_NOTICE, after=2 * DAY, since=Since.END)
ASKING = tuple(
    Step(template=Template.UPDATE_CARD, after=wait, since=Since.ASKED)
    for wait in (timedelta(), 3 * DAY)
)
MONTHLY = Profile(country="DE", timezone="Europe/Berlin", interval="month", monthly_minor=29_00)


def of(*steps: Step, retries: Learned | None = None) -> Policy:
    """These messages for lack of money, and two that ask for another card."""
    return a_policy(
        plans={
            DeclineFamily.FUNDS: Plan(retries=retries, campaign=steps),
            DeclineFamily.NEEDS_NEW_CARD: Plan(campaign=ASKING),
            DeclineFamily.NEEDS_AUTHENTICATION: Plan(campaign=ASKING),
        }
    )


CHARGED = of(FIRST, SECOND, retries=Learned(tries=8, gap=DAY))


def taught(reaction: Reaction, policy: Policy) -> Basis:
    """What two hundred messages have taught."""
    knowledge, case = Knowledge(), state(after(to_open()))
    for minutes in range(200):
        at = MONDAY + timedelta(minutes=minutes)
        lesson = MessageLesson(
            situation=situation_of(case, at, "acct_bakery"),
            at=at,
            template=Template.PAYMENT_FAILED,
            channel=Channel.EMAIL,
            reaction=reaction,
        )
        knowledge.learn(lesson)
    return replace(a_basis(policy), knowledge=knowledge)


def write(step: int = 1) -> c.BeginReminder:
    return c.BeginReminder(step=step, message_id=f"{step}@mail")


def planned(events: History) -> list[tuple[int, datetime, Template]]:
    """The messages planned: step, instant, template."""
    found = [event for event in events if isinstance(event, e.ReminderPlanned)]
    return [(event.step, event.due_at, event.template) for event in found]


def told(history: History, command: c.Command, basis: Basis, at: datetime) -> History:
    """The history with what the command makes happen."""
    events = decide(state(history), command, basis, at)
    assert events, f"nothing came of {command}"
    return (*history, *events)


def _passed_over(history: History) -> list[tuple[int, str]]:
    skipped = [event for event in history if isinstance(event, e.ReminderSkipped)]
    return [(event.step, event.reason) for event in skipped]


def test_a_letter_that_pays_goes_and_one_that_does_not_is_told_with_its_reason() -> None:
    policy = of(FIRST, FINAL)
    good, harmful = (taught(one, policy) for one in (Reaction.ACTED, Reaction.CANCELLED))
    opened = told((), to_open(profile=MONTHLY), good, MONDAY)
    assert planned(opened) == [(1, TUESDAY, Template.PAYMENT_FAILED)]
    assert e.ReminderStarted in kinds(told(opened, write(), good, TUESDAY))
    skipped, final = decide(state(opened), write(), harmful, TUESDAY)
    assert isinstance(skipped, e.ReminderSkipped)
    assert skipped.reason == "not_worthwhile"
    assert skipped.why is not None
    brings, risks = (skipped.why.inputs[name] for name in ("brings_cents", "risks_cents"))
    assert int(brings) <= int(risks)
    assert planned((final,)) == [(2, MONDAY + 12 * DAY, Template.FINAL_NOTICE)]


def test_a_letter_is_not_weighed_before_its_day_has_come() -> None:
    harmful = taught(Reaction.CANCELLED, CHARGED)
    opened = told((), to_open(profile=MONTHLY), harmful, MONDAY)
    assert planned(opened) == [(1, TUESDAY, Template.PAYMENT_FAILED)]
    assert _passed_over(opened) == []


def test_a_letter_whose_day_has_gone_by_already_is_weighed_at_once() -> None:
    at_once = replace(FIRST, after=timedelta())
    harmful = taught(Reaction.CANCELLED, of(at_once))
    opened = told((), to_open(profile=MONTHLY), harmful, MONDAY)
    assert planned(opened) == []
    assert _passed_over(opened) == [(1, "not_worthwhile")]


def test_each_chance_is_weighed_on_its_own_day_with_what_charges_will_bring_from_then_on() -> None:
    harmful = taught(Reaction.CANCELLED, CHARGED)
    opened = told((), to_open(profile=MONTHLY), harmful, MONDAY)
    first = state(opened).later_percent
    assert first > 0
    tuesday = told(opened, write(1), harmful, TUESDAY)
    assert planned(tuesday)[-1] == (2, THURSDAY, Template.PAYMENT_FAILED)
    less = e.AttemptPlanned(
        at=TUESDAY, number=1, due_at=MONDAY + 9 * DAY, rule="plan:funds", later_percent=5
    )
    thursday = told((*tuesday, less), write(2), harmful, THURSDAY)
    weighed = [event.why for event in thursday if isinstance(event, e.ReminderSkipped)]
    assert [why.inputs["later_percent"] for why in weighed if why] == [first, 5]
    assert _passed_over(thursday) == [(1, "not_worthwhile"), (2, "not_worthwhile")]
    good = taught(Reaction.ACTED, CHARGED)
    assert e.ReminderStarted in kinds(told((*tuesday, less), write(2), good, THURSDAY))


def test_where_no_charge_is_planned_nothing_would_come_anyway() -> None:
    harmful = taught(Reaction.CANCELLED, of(FIRST))
    opened = told((), to_open(profile=MONTHLY), harmful, MONDAY)
    skipped = told(opened, write(1), harmful, TUESDAY)[-1]
    assert isinstance(skipped, e.ReminderSkipped)
    assert skipped.why is not None
    assert skipped.why.inputs["later_percent"] == 0


def test_a_question_for_another_card_has_a_campaign_of_its_own_after_chances_passed_over() -> None:
    harmful = taught(Reaction.CANCELLED, CHARGED)
    history = told((), to_open(profile=MONTHLY), harmful, MONDAY)
    for step, day in ((1, TUESDAY), (2, THURSDAY)):
        history = told(history, write(step), harmful, day)
    assert _passed_over(history) == [(1, "not_worthwhile"), (2, "not_worthwhile")]
    lost = c.RecordDecline(failure=declined("lost_card", "ch_2", at=FRIDAY), by=e.Payer.STRIPE)
    asked = told(history, lost, harmful, FRIDAY)
    assert state(asked).asked_after == 2
    assert planned(asked)[-1] == (3, FRIDAY, Template.UPDATE_CARD)
    written = told(asked, write(3), harmful, FRIDAY)
    assert e.ReminderStarted in kinds(written)
    assert planned(written)[-1] == (4, FRIDAY + 3 * DAY, Template.UPDATE_CARD)
    last = told(written, write(4), harmful, FRIDAY + 3 * DAY)
    assert last[-1].__class__ is e.ReminderStarted, "and that was the last of its campaign"


def test_a_second_question_goes_on_where_the_campaign_of_the_first_stands() -> None:
    basis = a_basis(of(FINAL))
    lost = c.RecordDecline(failure=declined("lost_card", "ch_2", at=TUESDAY), by=e.Payer.STRIPE)
    history = told((), to_open(), basis, MONDAY)
    history = told(history, c.RequestAuthentication(), basis, MONDAY + HOUR)
    history = told(history, write(1), basis, MONDAY + HOUR)
    history = told(history, lost, basis, TUESDAY)
    assert state(history).asked_after == 0
    assert planned(history)[-1][0] == 2


CODES = st.sampled_from(["insufficient_funds", "lost_card", "expired_card", "authentication"])
POLICIES = st.sampled_from([CHARGED, of(FIRST, SECOND), of(FINAL), a_policy()])


@settings(max_examples=60, deadline=None)
@given(POLICIES, st.lists(CODES, min_size=12, max_size=12))
def test_each_step_is_begun_or_passed_over_once_and_their_numbers_rise(
    policy: Policy, codes: list[str]
) -> None:
    chase = Chase(policy, codes[0], None)
    for code in codes[1:]:
        if not chase.case.is_open:
            break
        action = chase.next()
        chase.wait_for(action)
        chase.carry_out(action, code)
        if code == "authentication":
            chase.give(c.RequestAuthentication())
        elif chase.case.is_open:
            failure = chase.refuse(code)
            chase.give(c.RecordDecline(failure=failure, by=e.Payer.STRIPE))
    over = (e.ReminderStarted, e.ReminderSkipped)
    steps = [event.step for event in chase.history if isinstance(event, over)]
    assert all(one < following for one, following in pairwise(steps))
