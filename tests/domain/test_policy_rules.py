"""What a policy answers: a case's segment, the rules that hold for it, where a person falls."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.invoice import Profile
from domain.policy import Arm, FixedWaits, Learned, Match, Plan, Policy, Rules, Segment
from tests.builders import DAY, MONDAY, a_policy
from tests.policies import policies

FUNDS, UNKNOWN = DeclineFamily.FUNDS, DeclineFamily.UNKNOWN
PEOPLE = [f"acct_bakery/cus_{number}" for number in range(20_000)]
BERLINER = Profile(
    country="DE",
    interval="month",
    price="price_bread",
    collection="charge_automatically",
    subscribed_at=MONDAY - 100 * DAY,
)
WAITS = {n: Plan(retries=FixedWaits(waits=(n * DAY,))) for n in (1, 2, 3)}


def with_segments(**asked: Match) -> Policy:
    return a_policy(segments=tuple(Segment(name=name, when=when) for name, when in asked.items()))


def segment_of(when: Match, profile: Profile | None = BERLINER, minor: int = 29_00) -> bool:
    return with_segments(it=when).segment_of(profile, minor, "eur", MONDAY) == "it"


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({"currencies": ("usd", "eur")}, True),
        ({"currencies": ("usd",)}, False),
        ({"countries": ("AT", "DE")}, True),
        ({"countries": ("AT",)}, False),
        ({"intervals": ("month",)}, True),
        ({"intervals": ("year",)}, False),
        ({"prices": ("price_bread",)}, True),
        ({"prices": ("price_cake",)}, False),
        ({"collections": ("charge_automatically",)}, True),
        ({"collections": ("send_invoice",)}, False),
        ({"currencies": ("eur",), "at_least_minor": 29_00}, True),
        ({"currencies": ("eur",), "at_least_minor": 29_01}, False),
        ({"currencies": ("eur",), "below_minor": 29_01}, True),
        ({"currencies": ("eur",), "below_minor": 29_00}, False),
        ({"tenure_at_least": 100 * DAY}, True),
        ({"tenure_at_least": 101 * DAY}, False),
        ({"tenure_below": 101 * DAY}, True),
        ({"tenure_below": 100 * DAY}, False),
        ({"tenure_at_least": 99 * DAY, "tenure_below": 101 * DAY}, True),
        ({"countries": ("DE",), "intervals": ("year",)}, False),
    ],
)
def test_a_case_belongs_where_all_that_is_asked_holds(asked: dict[str, Any], fits: bool) -> None:
    assert segment_of(Match(**asked)) is fits


@pytest.mark.parametrize(
    "asked",
    [
        {"countries": ("DE",)},
        {"intervals": ("month",)},
        {"prices": ("price_bread",)},
        {"collections": ("charge_automatically",)},
        {"tenure_at_least": timedelta()},
        {"tenure_below": 10_000 * DAY},
    ],
)
def test_what_nobody_knows_belongs_to_no_segment_that_asks_for_it(asked: dict[str, Any]) -> None:
    assert not segment_of(Match(**asked), None)


def test_tenure_is_counted_to_the_instant_given_and_unknown_without_one() -> None:
    policy = with_segments(old=Match(tenure_at_least=100 * DAY))
    assert policy.segment_of(BERLINER, 1, "eur", MONDAY) == "old"
    assert policy.segment_of(BERLINER, 1, "eur", MONDAY - timedelta(seconds=1)) is None
    assert policy.segment_of(BERLINER, 1, "eur") is None


def test_amount_and_currency_are_known_without_a_profile() -> None:
    dear = Match(currencies=("eur",), at_least_minor=1)
    assert segment_of(dear, None)
    assert with_segments(it=dear).segment_of(None, 1, "EUR") == "it"


def test_the_first_segment_that_fits_counts_and_most_cases_have_none() -> None:
    policy = with_segments(
        yearly=Match(intervals=("year",)),
        germans=Match(countries=("DE",)),
        all=Match(intervals=("month", "year")),
    )
    assert policy.segment_of(BERLINER, 1, "eur") == "germans"
    assert policy.segment_of(replace(BERLINER, interval="year"), 1, "eur") == "yearly"
    assert policy.segment_of(replace(BERLINER, country="AT"), 1, "eur") == "all"
    assert policy.segment_of(Profile(), 1, "eur") is None


def test_arms_win_over_segments_and_segments_over_the_policy_family_by_family() -> None:
    policy = a_policy(
        plans={FUNDS: WAITS[1], UNKNOWN: WAITS[1], DeclineFamily.TEMPORARY: WAITS[1]},
        segments=(
            Segment(
                name="s",
                when=Match(countries=("DE",)),
                plans={FUNDS: WAITS[2], UNKNOWN: WAITS[2]},
                window=20 * DAY,
            ),
            Segment(name="t", when=Match(countries=("AT",))),
        ),
        arms=(
            Arm(name="a", weight=1, plans={FUNDS: WAITS[3]}, window=30 * DAY),
            Arm(name="control", weight=1),
        ),
    )
    both = policy.rules("s", "a")
    assert [both.plan_for(family) for family in policy.plans] == [WAITS[3], WAITS[2], WAITS[1]]
    assert both.window == 30 * DAY
    assert policy.rules("s", None).plan_for(FUNDS) == WAITS[2]
    assert policy.rules("s", "control").window == 20 * DAY
    assert policy.rules(None, "a").plan_for(UNKNOWN) == WAITS[1]
    assert policy.rules("t", "control") == policy.rules(None, None)


@given(st.text(max_size=5), st.none() | st.text(max_size=5))
def test_names_that_the_policy_does_not_know_change_nothing(segment: str, arm: str | None) -> None:
    policy = a_policy(
        segments=(Segment(name="segment", when=Match(countries=("DE",)), window=DAY * 20),),
        arms=(Arm(name="the arm", weight=1, window=DAY * 20),),
    )
    assert policy.rules(segment, arm) == Rules(plans=policy.plans, window=policy.window)


@pytest.mark.parametrize(
    ("brand", "limit"), [("visa", 5), ("amex", 12), ("mastercard", 12), ("", 12), (None, 12)]
)
def test_a_brands_month_is_its_own_limit_or_that_of_all_cards(
    brand: str | None, limit: int
) -> None:
    policy = a_policy(card_month_limit=12, brand_month_limits={"visa": 5, "amex": 12})
    assert policy.month_limit(brand) == limit
    assert a_policy(card_month_limit=12).month_limit(brand) == 12


@settings(max_examples=40, deadline=None)
@given(policies(), st.none() | st.sampled_from(["visa", "mastercard", "amex"]) | st.text())
def test_no_brand_has_more_room_than_all_cards(policy: Policy, brand: str | None) -> None:
    said = policy.brand_month_limits.get(brand or "", policy.card_month_limit)
    assert 1 <= policy.month_limit(brand) == said <= policy.card_month_limit


def test_a_family_without_a_plan_is_neither_charged_nor_written_to() -> None:
    assert a_policy(plans={}).rules(None, None).plan_for(FUNDS) == Plan()


def shared(percent: int = 20, **weights: int) -> Policy:
    """A policy with a hold-out and arms."""
    return a_policy(
        hold_out_percent=percent,
        arms=tuple(Arm(name=name, weight=weight) for name, weight in weights.items()),
    )


def shares(policy: Policy) -> dict[str | None, float]:
    """The share of people in each arm, the held out under "held out"."""
    counts = Counter(
        "held out" if found.held_out else found.arm for found in map(policy.assign, PEOPLE)
    )
    return {name: count / len(PEOPLE) for name, count in counts.items()}


def test_shares_are_those_that_the_policy_names() -> None:
    # 20 000 people: the standard error of a share is at most 0.35 points.
    found = shares(shared(20, control=1, early=3))
    assert found["held out"] == pytest.approx(0.20, abs=0.012)
    assert found["control"] == pytest.approx(0.20, abs=0.012)
    assert found["early"] == pytest.approx(0.60, abs=0.012)


def test_nobody_is_held_out_of_a_policy_without_a_hold_out_and_nobody_in_an_arm_without_arms() -> (
    None
):
    assert shares(shared(0, a=1, b=1)).keys() == {"a", "b"}
    assert shares(shared(0)) == {None: 1.0}
    assert shares(shared(0, only=7)) == {"only": 1.0}


def test_the_held_out_are_in_no_arm() -> None:
    found = [shared(50, a=1).assign(person) for person in PEOPLE[:1000]]
    assert {(one.held_out, one.arm) for one in found} == {(True, None), (False, "a")}


def test_an_edit_of_the_policy_leaves_everybody_where_they_are_and_a_new_name_does_not() -> None:
    policy = shared(20, control=1, early=1)
    edited = replace(policy, version=9, plans={}, window=20 * DAY)
    renamed = replace(policy, name="another")
    before = [policy.assign(person) for person in PEOPLE]
    assert [edited.assign(person) for person in PEOPLE] == before
    moved = sum(renamed.assign(person) != old for person, old in zip(PEOPLE, before, strict=True))
    # Of 20, 40 and 40 per cent, independently twice: 1 - (0.04 + 0.16 + 0.16).
    assert moved / len(PEOPLE) == pytest.approx(0.64, abs=0.012)


def test_a_larger_hold_out_only_takes_people_in_and_moves_nobody_between_arms() -> None:
    small, large = shared(10, a=1, b=2), shared(30, a=1, b=2)
    for person in PEOPLE:
        before, after = small.assign(person), large.assign(person)
        assert after.held_out or after == before
        assert after.held_out or not before.held_out


def test_other_weights_move_people_over_the_boundary_alone() -> None:
    before, after = shared(10, a=1, b=1), shared(10, a=3, b=1)
    for person in PEOPLE:
        old, new = before.assign(person), after.assign(person)
        assert old.held_out == new.held_out
        assert (old.arm, new.arm) != ("a", "b")


def test_where_a_person_falls_is_the_same_in_every_process_and_every_release() -> None:
    found = [shared(20, control=1, early=1).assign(f"cus_{n}") for n in range(12)]
    # Written down once: another draw would move people in the middle of an experiment.
    assert " ".join("-" if one.held_out else str(one.arm) for one in found) == (
        "control early early control early - - control control control early -"
    )


@settings(max_examples=100, deadline=None)
@given(policies(), st.text(max_size=20))
def test_everybody_falls_into_one_place_that_the_policy_knows(policy: Policy, person: str) -> None:
    found = policy.assign(person)
    assert policy.assign(person) == found
    names = {arm.name for arm in policy.arms}
    assert found.arm is None if found.held_out or not names else found.arm in names


@settings(max_examples=100, deadline=None)
@given(policies(), st.data())
def test_rules_of_any_policy_hold_each_plan_of_the_strongest_voice(
    policy: Policy, data: st.DataObject
) -> None:
    segment = data.draw(st.sampled_from([None, *policy.segments]))
    arm = data.draw(st.sampled_from([None, *policy.arms]))
    rules = policy.rules(segment.name if segment else None, arm.name if arm else None)
    voices = [one for one in (arm, segment, policy) if one is not None]
    for family in DeclineFamily:
        said = next((one.plans[family] for one in voices if family in one.plans), Plan())
        assert rules.plan_for(family) == said
    assert rules.window == next(one.window for one in voices if one.window is not None)


def test_a_learned_plan_stands_in_rules_as_it_was_given() -> None:
    plan = Plan(retries=Learned(tries=3, gap=DAY))
    assert a_policy(plans={FUNDS: plan}).rules(None, None).plan_for(FUNDS) is plan
