"""Whether a message pays: what it brings against the customers it drives away."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decline import DeclineFamily
from domain.policy.shapes import Channel, Template
from domain.timing.choice import Worth, weigh_message
from domain.timing.knowledge import Knowledge
from domain.timing.lessons import MessageLesson, QuietLesson, Reaction
from domain.timing.situation import Situation
from tests.domain.timing_cases import ECONOMICS, MONDAY, situation

NEEDS_CARD = situation(family=DeclineFamily.NEEDS_NEW_CARD, code="lost_card", asked=True)


def weighed(
    case: Situation, knowledge: Knowledge | None = None, later: int = 0, **economics: int
) -> Worth:
    costs = msgspec.structs.replace(ECONOMICS, **economics)
    known = knowledge or Knowledge()
    return weigh_message(case, Template.UPDATE_CARD, MONDAY, known, costs, later)


def heard(reaction: Reaction, times: int = 200) -> Knowledge:
    knowledge = Knowledge()
    for _ in range(times):
        knowledge.learn(_message(reaction))
    return knowledge


def _message(reaction: Reaction) -> MessageLesson:
    return MessageLesson(
        situation=NEEDS_CARD,
        at=MONDAY,
        template=Template.UPDATE_CARD,
        channel=Channel.EMAIL,
        reaction=reaction,
    )


@pytest.mark.parametrize("family", ["needs_new_card", "needs_new_details", "needs_authentication"])
def test_a_first_message_is_worthwhile_where_only_the_customer_can_help(family: str) -> None:
    case = situation(family=DeclineFamily(family), asked=True)
    assert weighed(case).worthwhile


def test_where_charges_will_bring_the_money_anyway_a_message_is_not() -> None:
    assert not weighed(situation(), later=97).worthwhile


def test_customers_who_leave_end_the_messages_and_customers_who_act_continue_them() -> None:
    assert not weighed(NEEDS_CARD, heard(Reaction.CANCELLED)).worthwhile
    assert (
        weighed(NEEDS_CARD, heard(Reaction.ACTED)).brings_cents > weighed(NEEDS_CARD).brings_cents
    )
    ignored = weighed(NEEDS_CARD, heard(Reaction.NOTHING)).brings_cents
    assert 20 * ignored < weighed(NEEDS_CARD).brings_cents


def test_a_cancelled_weekly_plan_loses_thirteen_amounts_a_yearly_a_quarter_of_one() -> None:
    week = situation(interval="week", amount_cents=30_00, monthly_cents=130_00)
    year = situation(interval="year", amount_cents=30_00, monthly_cents=2_50)
    # 13 amounts against a quarter: a factor of 52, and weekly payers leave a little more easily.
    risks = [weighed(case, message_cents=0).risks_cents for case in (week, year)]
    assert risks[0] > 52 * risks[1]


def test_what_they_do_unasked_is_no_merit_of_the_message() -> None:
    knowledge = Knowledge()
    for _ in range(300):
        knowledge.learn(
            QuietLesson(situation=NEEDS_CARD, at=MONDAY, days=7, reaction=Reaction.ACTED)
        )
    assert 20 * weighed(NEEDS_CARD, knowledge).brings_cents < weighed(NEEDS_CARD).brings_cents


def test_customers_who_leave_in_any_week_are_not_driven_away_by_the_message() -> None:
    said = [*[Reaction.CANCELLED] * 5, *[Reaction.NOTHING] * 95] * 5
    alone, beside = Knowledge(), Knowledge()
    for reaction in said:
        quiet = QuietLesson(situation=NEEDS_CARD, at=MONDAY, days=7, reaction=reaction)
        beside.learn(quiet)
    for reaction in said:
        for knowledge in (alone, beside):
            knowledge.learn(_message(reaction))
    blamed, acquitted = (weighed(NEEDS_CARD, each).risks_cents for each in (alone, beside))
    assert 3 * acquitted < blamed


def test_what_happens_anyway_depends_on_the_week_of_the_case() -> None:
    knowledge = Knowledge()
    for _ in range(100):
        early = QuietLesson(situation=NEEDS_CARD, at=MONDAY, days=7, reaction=Reaction.ACTED)
        knowledge.learn(early)
    first, fifth = (
        weigh_message(NEEDS_CARD, Template.UPDATE_CARD, at, knowledge, ECONOMICS, 0).brings_cents
        for at in (MONDAY, MONDAY + timedelta(days=29))
    )
    assert first < fifth


@given(st.integers(0, 4), st.integers(0, 200))
def test_each_message_more_brings_less_and_risks_more(number: int, monthly: int) -> None:
    one, next_one = (
        weighed(msgspec.structs.replace(NEEDS_CARD, messages=n, monthly_cents=monthly * 100))
        for n in (number, number + 1)
    )
    assert next_one.brings_cents <= one.brings_cents
    assert next_one.risks_cents >= one.risks_cents


@given(
    st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted),
    st.tuples(st.integers(0, 500), st.integers(0, 500)).map(sorted),
    st.tuples(st.integers(0, 36), st.integers(0, 36)).map(sorted),
)
def test_dearer_messages_and_surer_charges_never_make_one_worthwhile(
    laters: list[int], costs: list[int], months: list[int]
) -> None:
    lighter, heavier = (
        weighed(NEEDS_CARD, later=later, message_cents=cost, cancelled_months=lost)
        for later, cost, lost in zip(laters, costs, months, strict=True)
    )
    assert lighter.worthwhile or not heavier.worthwhile


def test_the_evidence_counts_what_was_heard() -> None:
    worth = weighed(NEEDS_CARD, heard(Reaction.ACTED, 20))
    assert ("needs_new_card", "acted after a message", 20, 20) in worth.evidence or (
        "all",
        "cancelled after a message",
        20,
        0,
    ) in worth.evidence
    assert all(tries == 20 for _, _, tries, _ in worth.evidence)
