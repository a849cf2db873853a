"""A policy is valid as a whole, or says everything that is wrong with it."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from domain.decline import JUDGED, DeclineFamily
from domain.decline.codes import DECLINE_CODES, ERROR_CODES
from domain.network import DAILY_LIMIT, MONTHLY_LIMIT
from domain.policy import Arm, ContactBudget, Learned, Match, Plan, Policy, PolicyInvalid, Segment
from tests.domain.policy_faults import (
    DAY,
    ECONOMICS,
    FUNDS,
    GERMANS,
    HOUR,
    SECOND,
    a_step,
    faults_of,
    plain,
)
from tests.policies import policies


def matched(**asked: Any) -> list[str]:
    return faults_of(segments=(Segment(name="some", when=Match(**asked)),))


def test_all_faults_are_told_at_once_each_with_its_field() -> None:
    wrong = Plan(
        retries=Learned(tries=0, gap=timedelta()),
        campaign=(a_step(2 * DAY), a_step(DAY, at_least_cents=-1)),
    )
    assert faults_of(
        version=0,
        name="",
        window=HOUR,
        plans={FUNDS: wrong},
        timezone="Mars/Olympus",
        charge_hour=24,
        first_mail_hour=19,
        last_mail_hour=9,
        contacts=ContactBudget(gap=timedelta(), per_day=5, per_week=4, per_month=3),
        card_month_limit=36,
        brand_month_limits={"Visa": 0},
        card_day_limit=0,
        economics=replace(ECONOMICS, attempt_cents=-1, exploration_percent=101),
        segments=(
            Segment(name="a", when=Match(), plans={DeclineFamily.NEVER: wrong}),
            Segment(name="a", when=GERMANS),
        ),
        arms=(Arm(name="b", weight=0, window=61 * DAY), Arm(name="b", weight=1)),
        hold_out_percent=51,
        expiry_notice=31 * DAY,
        families={"": FUNDS, "lost_card": FUNDS},
    ) == [
        "version",
        "name",
        "window",
        "plans.funds.retries.tries",
        "plans.funds.retries.gap",
        "plans.funds.campaign[0].after",
        "plans.funds.campaign[1].after",
        "plans.funds.campaign[1].at_least_cents",
        "plans.funds.campaign[1].after",
        "timezone",
        "charge_hour",
        "first_mail_hour",
        "contacts.gap",
        "contacts.per_day",
        "contacts.per_week",
        "contacts.per_month",
        "card_month_limit",
        "brand_month_limits.Visa",
        "brand_month_limits.Visa",
        "card_day_limit",
        "economics.attempt_cents",
        "economics.exploration_percent",
        "segments[0].when",
        "segments[0].plans.never.retries",
        "segments[0].plans.never.retries.tries",
        "segments[0].plans.never.retries.gap",
        "segments[0].plans.never.campaign[0].after",
        "segments[0].plans.never.campaign[1].after",
        "segments[0].plans.never.campaign[1].at_least_cents",
        "segments[0].plans.never.campaign[1].after",
        "segments[1].name",
        "arms[0].weight",
        "arms[0].window",
        "arms[1].name",
        "hold_out_percent",
        "expiry_notice",
        "families.",
        "families.lost_card",
    ]


def test_the_error_says_what_is_wrong_in_words() -> None:
    with pytest.raises(PolicyInvalid, match="charge_hour: Choose a number from 0 to 23"):
        plain(charge_hour=-1)
    with pytest.raises(PolicyInvalid, match="window: Choose a duration from 1 d to 60 d"):
        plain(window=HOUR)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("version", 1, 0),
        ("name", "x" * 60, "x" * 61),
        ("name", "x", ""),
        ("name", "a b", " a"),
        ("name", "ü", "a\nb"),
        ("window", DAY, DAY - SECOND),
        ("window", 60 * DAY, 60 * DAY + SECOND),
        ("window", DAY + SECOND, DAY + SECOND / 2),
        ("charge_hour", 0, -1),
        ("charge_hour", 23, 24),
        ("first_mail_hour", 18, 19),
        ("first_mail_hour", 0, -1),
        ("last_mail_hour", 24, 25),
        ("most_texts", 0, -1),
        ("most_texts", 4, 5),
        ("first_text_hour", 8, 7),
        ("first_text_hour", 19, 20),
        ("last_text_hour", 21, 22),
        ("card_month_limit", 1, 0),
        ("card_month_limit", 35, 36),
        ("card_day_limit", 1, 0),
        ("card_day_limit", 10, 11),
        ("hold_out_percent", 0, -1),
        ("hold_out_percent", 50, 51),
        ("expiry_notice", timedelta(), -SECOND),
        ("expiry_notice", 30 * DAY, 30 * DAY + SECOND),
        ("timezone", "Asia/Kathmandu", ""),
    ],
)
def test_the_edge_is_allowed_and_the_next_step_is_not(field: str, good: Any, bad: Any) -> None:
    assert faults_of(**{field: good}) == []
    told = field.replace("last_", "first_") if field.endswith("_hour") else field
    assert faults_of(**{field: bad}) == [told]


@pytest.mark.parametrize(("limit", "faulted"), [(0, True), (1, False), (9, False), (10, True)])
def test_a_brands_limit_is_from_one_to_that_of_all_cards(limit: int, faulted: bool) -> None:
    found = faults_of(card_month_limit=9, brand_month_limits={"amex": 9, "visa": limit})
    assert found == (["brand_month_limits.visa"] if faulted else [])


@pytest.mark.parametrize("brand", ["visa", "eftpos_au", "b" * 30])
def test_a_brand_is_written_as_stripe_does(brand: str) -> None:
    assert faults_of(brand_month_limits={brand: 1}) == []


@pytest.mark.parametrize("brand", ["", "Visa", "visa ", "visa\n", "visa2", "b" * 31])
def test_what_is_no_brand_of_stripes_has_no_limit(brand: str) -> None:
    assert faults_of(brand_month_limits={brand: 1}) == [f"brand_month_limits.{brand}"]


def test_a_brands_limit_says_what_it_may_be() -> None:
    with pytest.raises(PolicyInvalid, match=r"limits\.visa: Choose a number from 1 to 9\."):
        plain(card_month_limit=9, brand_month_limits={"visa": 10})


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("gap", HOUR, HOUR - SECOND),
        ("gap", 60 * DAY, 60 * DAY + SECOND),
        ("per_day", 1, 0),
        ("per_day", 4, 5),
        ("per_week", 10, 11),
        ("per_month", 20, 21),
    ],
)
def test_contacts_have_edges(field: str, good: Any, bad: Any) -> None:
    wide = ContactBudget(gap=DAY, per_day=1, per_week=10, per_month=20)
    assert faults_of(contacts=replace(wide, **{field: good})) == []
    assert faults_of(contacts=replace(wide, **{field: bad})) == [f"contacts.{field}"]


def test_a_day_has_no_more_contacts_than_a_week_and_a_week_than_a_month() -> None:
    tight = ContactBudget(gap=DAY, per_day=3, per_week=3, per_month=3)
    assert faults_of(contacts=tight) == []
    assert faults_of(contacts=replace(tight, per_day=4)) == ["contacts.per_week"]
    assert faults_of(contacts=replace(tight, per_week=4)) == ["contacts.per_month"]


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("attempt_cents", 1_000_000),
        ("message_cents", 1_000_000),
        ("cancelled_months", 120),
        ("exploration_percent", 100),
    ],
)
def test_economics_have_edges(field: str, most: int) -> None:
    for good in (0, most):
        assert faults_of(economics=replace(ECONOMICS, **{field: good})) == []
    for bad in (-1, most + 1):
        assert faults_of(economics=replace(ECONOMICS, **{field: bad})) == [f"economics.{field}"]


@pytest.mark.parametrize(
    ("asked", "faulted"),
    [
        ({"currencies": ("eur", "usd")}, None),
        ({"currencies": ("EUR",)}, "currencies"),
        ({"currencies": ("euro",)}, "currencies"),
        ({"countries": ("de",)}, "countries"),
        ({"countries": ("DEU",)}, "countries"),
        ({"countries": ("DE",) * 300}, None),
        ({"countries": ("DE",) * 301}, "countries"),
        ({"intervals": ("week", "month", "year")}, None),
        ({"intervals": ("day",)}, "intervals"),
        ({"prices": ("price_1",)}, None),
        ({"prices": ("",)}, "prices"),
        ({"prices": ("a b",)}, "prices"),
        ({"prices": ("p" * 256,)}, "prices"),
        ({"collections": ("send_invoice", "charge_automatically")}, None),
        ({"collections": ("by_hand",)}, "collections"),
        ({"at_least_minor": 1}, "currencies"),
        ({"below_minor": 1}, "currencies"),
        ({"at_least_minor": 1, "currencies": ("eur", "usd")}, "currencies"),
        ({"at_least_minor": 0, "below_minor": 1, "currencies": ("eur",)}, None),
        ({"at_least_minor": 1, "below_minor": 1, "currencies": ("eur",)}, "below_minor"),
        ({"at_least_minor": -1, "currencies": ("eur",)}, "at_least_minor"),
        ({"below_minor": 10**12, "currencies": ("eur",)}, None),
        ({"below_minor": 10**12 + 1, "currencies": ("eur",)}, "below_minor"),
        ({"tenure_at_least": timedelta()}, None),
        ({"tenure_at_least": -SECOND}, "tenure_at_least"),
        ({"tenure_below": 36_500 * DAY}, None),
        ({"tenure_below": 36_501 * DAY}, "tenure_below"),
        ({"tenure_at_least": DAY, "tenure_below": DAY + SECOND}, None),
        ({"tenure_at_least": DAY, "tenure_below": DAY}, "tenure_below"),
    ],
)
def test_conditions_of_a_segment_have_edges(asked: dict[str, Any], faulted: str | None) -> None:
    assert matched(**asked) == ([f"segments[0].when.{faulted}"] if faulted else [])


def test_segments_and_arms_have_names_of_their_own_and_are_not_too_many() -> None:
    def segments(count: int, name: str = "s{}") -> tuple[Segment, ...]:
        return tuple(Segment(name=name.format(n), when=GERMANS) for n in range(count))

    def arms(count: int, name: str = "a{}") -> tuple[Arm, ...]:
        return tuple(Arm(name=name.format(n), weight=1) for n in range(count))

    assert faults_of(segments=segments(50), arms=arms(10)) == []
    assert faults_of(segments=segments(51), arms=arms(11)) == ["segments", "arms"]
    assert faults_of(segments=segments(3, "s")) == ["segments[1].name", "segments[2].name"]
    assert faults_of(arms=arms(2, "a")) == ["arms[1].name"]
    assert faults_of(segments=segments(1, "")) == ["segments[0].name"]
    assert faults_of(arms=arms(1, "")) == ["arms[0].name"]


@pytest.mark.parametrize(
    ("weight", "faulted"), [(0, True), (1, False), (1000, False), (1001, True)]
)
def test_an_arm_has_a_weight(weight: int, faulted: bool) -> None:
    found = faults_of(arms=(Arm(name="a", weight=weight),))
    assert found == (["arms[0].weight"] if faulted else [])


@pytest.mark.parametrize("window", [DAY - SECOND, 60 * DAY + SECOND])
def test_windows_of_segments_and_arms_have_the_policys_bounds(window: timedelta) -> None:
    assert faults_of(segments=(Segment(name="s", when=GERMANS, window=window),)) == [
        "segments[0].window"
    ]
    assert faults_of(arms=(Arm(name="a", weight=1, window=window),)) == ["arms[0].window"]


FORBIDDEN = {DeclineFamily.NEVER, DeclineFamily.NEEDS_NEW_CARD}


@pytest.mark.parametrize("code", sorted({*DECLINE_CODES, *ERROR_CODES}))
def test_what_networks_or_stripe_forbid_cannot_be_sorted_as_allowed(code: str) -> None:
    forbidden = {DECLINE_CODES.get(code), ERROR_CODES.get(code)} & FORBIDDEN
    for family in sorted({*DeclineFamily} - {DeclineFamily.OUTSTANDING}):
        faulted = bool(forbidden) and family not in FORBIDDEN and code not in JUDGED
        assert faults_of(families={code: family}) == ([f"families.{code}"] if faulted else [])


def test_codes_that_no_network_forbids_may_be_sorted_as_the_merchant_judges() -> None:
    for family in sorted({*DeclineFamily} - {DeclineFamily.OUTSTANDING}):
        assert faults_of(families=dict.fromkeys(sorted(JUDGED), family)) == []


def test_a_decline_does_not_make_a_bill_of_a_charge() -> None:
    assert faults_of(families={"new_code": DeclineFamily.OUTSTANDING}) == ["families.new_code"]


@pytest.mark.parametrize("code", ["", " x", "a\tb", "c" * 101])
def test_a_code_that_no_bank_says_is_faulted(code: str) -> None:
    assert faults_of(families={code: FUNDS}) == [f"families.{code}"]


def test_any_other_code_may_be_sorted_by_the_merchant() -> None:
    assert faults_of(families={f"new_{n}": FUNDS for n in range(300)}) == []
    assert faults_of(families={f"new_{n}": FUNDS for n in range(301)}) == ["families"]
    assert faults_of(families={"c" * 100: FUNDS}) == []


def test_no_policy_can_wish_for_more_than_the_widest_network_allows() -> None:
    assert faults_of(card_month_limit=max(MONTHLY_LIMIT.values()), card_day_limit=DAILY_LIMIT) == []


@settings(max_examples=50, deadline=None)
@given(policies())
def test_random_policies_of_the_tests_are_valid_and_compared_by_what_they_say(
    policy: Policy,
) -> None:
    assert replace(policy) == policy
