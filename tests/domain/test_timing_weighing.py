"""What a choice and the worth of a message rest on, each beside its formula."""

from datetime import date, timedelta
from statistics import NormalDist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.policy.shapes import Channel, Template
from domain.timing.choice import Choice, _boldness, choose, weigh_message
from domain.timing.features import charge_keys, message_keys, quiet_keys, week_of
from domain.timing.knowledge import Bucket, Knowledge
from domain.timing.lessons import ChargeLesson, MessageLesson, QuietLesson, Reaction
from domain.timing.wording import phrase
from tests.domain.timing_cases import DAY, ECONOMICS, HOUR, MONDAY, situation, span

FRIDAY = MONDAY + 4 * DAY  # the 13th
HOLIDAYS = (date(2026, 3, 13),)


def experience() -> Knowledge:
    """Charges, messages and quiet days of two months."""
    knowledge = Knowledge()
    for number in range(240):
        at = MONDAY - 60 * DAY + number * 6 * HOUR
        case = situation(
            failed_at=at - number % 9 * DAY,
            last_try_at=at - number % 7 * DAY,
            asked=number % 5 == 0,
            messages=number % 4,
        )
        reaction = list(Reaction)[number % len(Reaction)]
        template, channel = list(Template)[number % len(Template)], list(Channel)[number % 2]
        knowledge.learn(ChargeLesson(situation=case, at=at, succeeded=number % 3 == 0))
        knowledge.learn(
            MessageLesson(
                situation=case, at=at, template=template, channel=channel, reaction=reaction
            )
        )
        knowledge.learn(QuietLesson(situation=case, at=at, days=number % 6, reaction=reaction))
    return knowledge


KNOWN = experience()


@settings(max_examples=60)
@given(
    st.sampled_from(Template),
    st.sampled_from(Channel),
    st.integers(0, 40),
    st.integers(0, 100),
    st.integers(0, 6),
    st.integers(0, 500),
)
def test_a_message_brings_what_more_do_and_risks_what_more_leave(  # noqa: PLR0917 - drawn by place
    template: Template, channel: Channel, days: int, later: int, months: int, fee: int
) -> None:
    case = situation(amount_cents=50_000_00, monthly_cents=20_000_00, messages=days % 3)
    at = MONDAY + days * DAY
    economics = replace(ECONOMICS, cancelled_months=months, message_cents=fee)
    worth = weigh_message(case, template, at, KNOWN, economics, later, channel)
    (act, leave), (quiet_act, quiet_leave) = (
        message_keys(case, template, channel),
        quiet_keys(case, week_of(case, at)),
    )
    acts = KNOWN.chance(act) * (1 - KNOWN.chance(quiet_act))
    leaves = KNOWN.chance(leave) * (1 - KNOWN.chance(quiet_leave))
    brings = acts * (100 - later) / 100 * 50_000_00
    risks = leaves * months * 20_000_00 + fee
    assert (worth.brings_cents, worth.risks_cents) == (round(brings), round(risks))
    assert worth.worthwhile == (brings > risks)
    assert worth.evidence == loudest(act + leave)


def loudest(keys: list[tuple[str, str, str | int]]) -> tuple[tuple[str, str, int, int], ...]:
    """The six with the greatest weights of those that have seen anything, in words and counts."""
    seen = [key for key in keys if KNOWN.counts(key)[0]]
    seen.sort(key=lambda key: -abs(KNOWN.reading(key)[0]))
    return tuple((*phrase(key), *KNOWN.counts(key)) for key in seen[:6])


def test_by_email_is_what_is_meant_where_nothing_is_said() -> None:
    weighed = [
        weigh_message(situation(), Template.UPDATE_CARD, MONDAY, KNOWN, ECONOMICS, 10, *channel)
        for channel in ((), (Channel.EMAIL,))
    ]
    assert weighed[0] == weighed[1]


def test_a_message_that_brings_just_what_it_costs_is_not_sent() -> None:
    free = replace(ECONOMICS, message_cents=0, cancelled_months=0)
    nothing = situation(amount_cents=0)
    assert not weigh_message(nothing, Template.UPDATE_CARD, MONDAY, KNOWN, free, 0).worthwhile
    little = situation(amount_cents=1)
    assert weigh_message(little, Template.UPDATE_CARD, MONDAY, KNOWN, free, 0).worthwhile


def test_a_choice_tells_the_chance_and_the_evidence_of_its_own_instant() -> None:
    found = []
    for holidays in ((), HOLIDAYS):
        only = span(not_before=FRIDAY, closes_at=FRIDAY + HOUR, holidays=holidays)
        choice = choose(situation(), only, KNOWN, ECONOMICS, 0.5)
        keys = charge_keys(situation(), FRIDAY, holidays)
        assert (choice.at, choice.evidence) == (FRIDAY, loudest(keys))
        assert choice.chance_percent == round(100 * KNOWN.chance(keys))
        found.append((choice.chance_percent, choice.evidence))
    assert found[0] != found[1]


@pytest.mark.parametrize("without", [{"tries_left": 0}, {"closes_at": MONDAY + DAY}])
def test_without_a_try_or_time_left_nothing_is_chosen(without: dict[str, object]) -> None:
    nothing = Choice(at=None, chance_percent=0, later_percent=0)
    assert choose(situation(), span(**without), KNOWN, ECONOMICS, 0.5) == nothing


def test_a_choice_of_none_promises_nothing() -> None:
    dear = replace(ECONOMICS, attempt_cents=100_00)
    choice = choose(situation(), span(), KNOWN, dear, 0.5)
    assert (choice.at, choice.chance_percent, choice.later_percent) == (None, 0, 0)


@pytest.mark.parametrize("latest", ["now", "not_before", "last_try_at"])
def test_nothing_is_chosen_before_now_before_a_wait_is_over_or_before_the_last_try(
    latest: str,
) -> None:
    """A new card works at once, so the earliest instant is taken."""
    instants = dict.fromkeys(("now", "not_before", "last_try_at"), MONDAY)
    instants[latest] = MONDAY + 5 * DAY + timedelta(minutes=7)
    case = situation(
        new_card=True, family=DeclineFamily.NEEDS_NEW_CARD, last_try_at=instants.pop("last_try_at")
    )
    choice = choose(case, span(**instants, tries_left=1), Knowledge(), ECONOMICS, 0.5)
    assert choice.at is not None
    assert choice.at >= MONDAY + 5 * DAY + timedelta(minutes=7)


def test_a_cent_is_not_charged_for_a_cent() -> None:
    sure = situation(new_card=True, family=DeclineFamily.NEEDS_NEW_CARD, amount_cents=1)
    for cost, charged in ((0, True), (1, False)):
        economics = replace(ECONOMICS, attempt_cents=cost)
        assert (choose(sure, span(), Knowledge(), economics, 0.5).at is not None) == charged


@pytest.mark.parametrize(("draw", "share"), [(0.0, 0.02), (0.3, 0.3), (0.99, 0.98)])
def test_exploration_goes_as_far_as_the_draw_says_within_limits(draw: float, share: float) -> None:
    assert _boldness(draw, 30) == pytest.approx(0.3 * NormalDist().inv_cdf(share))


def test_candidates_that_are_likelier_than_the_one_taken_are_over_budget() -> None:
    """With one try, patience costs 0.2 % a day: a chance that is hardly better is not waited for,
    and is then not said to be less likely."""
    knowledge = Knowledge(
        {
            ("hour", "funds", hour): Bucket(4.0, 0.01, 50.0, 9.0, MONDAY.toordinal())
            for hour in (11, 13)
        }
    )
    choice = choose(situation(), span(tries_left=1), knowledge, ECONOMICS, 0.5)
    assert choice.considered
    for option in choice.considered[:-1]:
        likelier = option.chance_percent > choice.chance_percent
        assert option.rejected == "over budget" or not likelier
    chances = [option.chance_percent for option in choice.considered[:-1]]
    assert chances == sorted(chances, reverse=True)
