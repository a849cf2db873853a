"""Which past cases a policy treats alike, and what it is told of the one that stands for all."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.backtest import PastCase, kinds
from domain.backtest.kinds import Kinds, profile_of
from domain.backtest.places import Place, instant
from domain.decline import DeclineFamily
from domain.invoice import Profile
from domain.policy import (
    FixedWaits,
    Learned,
    Match,
    PayDays,
    Plan,
    Policy,
    Segment,
    Step,
    Template,
    balanced,
)

DAY = 86_400
A_DAY = timedelta(days=1)
WAITS = FixedWaits(waits=(A_DAY,))
TOLD = Step(template=Template.PAYMENT_FAILED)
LATER = replace(TOLD, after=A_DAY)


def a_policy(*plans: Plan, segments: tuple[Segment, ...] = ()) -> Policy:
    """These plans for as many families, and nothing for the others."""
    of_families = dict(zip(DeclineFamily, plans, strict=False))
    return replace(balanced("UTC"), plans=of_families, segments=segments)


def a_case(**facts: Any) -> PastCase:
    usual: dict[str, Any] = {
        "customer": "cus_1",
        "opened_at": 1_740_000_000,
        "closed_at": 1_740_000_000 + 28 * DAY,
        "amount_minor": 29_00,
        "currency": "eur",
        "family": DeclineFamily.FUNDS,
        "country": "DE",
        "timezone": "Europe/Berlin",
        "interval": "month",
        "price": "price_basic",
        "collection": "send_invoice",
        "subscribed_at": 1_700_000_000,
    }
    return PastCase(**(usual | facts))


FIXED = a_policy(Plan(retries=WAITS, campaign=(TOLD,)), Plan(campaign=(TOLD,)), Plan())


@pytest.mark.parametrize(
    "plan",
    [
        Plan(campaign=(TOLD, replace(LATER, if_worthwhile=True))),
        Plan(campaign=(TOLD, replace(LATER, at_least_cents=5_00))),
        Plan(retries=Learned(tries=2, gap=A_DAY)),
        Plan(retries=PayDays(tries=2, gap=A_DAY)),
    ],
)
def test_kinds_matter_to_a_plan_that_looks_at_amounts_or_at_the_calendar(plan: Plan) -> None:
    assert Kinds(FIXED, a_policy(Plan(retries=WAITS), plan)).matter


def test_kinds_matter_to_a_policy_with_segments_and_to_no_other() -> None:
    segment = Segment(name="dollars", when=Match(currencies=("usd",)))
    assert Kinds(FIXED, replace(FIXED, segments=(segment,))).matter
    assert not Kinds(FIXED, FIXED).matter


def test_cases_of_one_band_of_amounts_currency_and_interval_are_of_one_kind() -> None:
    sorts = Kinds(a_policy(Plan(retries=Learned(tries=2, gap=A_DAY))))
    first, dollars, yearly = a_case(), a_case(currency="usd"), a_case(interval="year")
    numbers = [
        sorts.of(case, cents)
        for case, cents in (
            (first, 20_00.0),
            (dollars, 20_00.0),
            (a_case(amount_minor=11_00, price=None), 11_00.0),
            (yearly, 20_00.0),
            (first, 400_00.0),
            (dollars, 29_99.0),
        )
    ]
    assert numbers == [0, 1, 0, 2, 3, 1]
    assert sorts.examples == [first, dollars, yearly, first]


@pytest.mark.parametrize(
    ("when", "other"),
    [
        (Match(currencies=("usd",)), {"currency": "usd"}),
        (Match(countries=("FR",)), {"country": "FR"}),
        (Match(prices=("price_gold",)), {"price": "price_gold"}),
        (Match(collections=("charge_automatically",)), {"collection": "charge_automatically"}),
        (Match(tenure_below=100 * A_DAY), {"subscribed_at": 1_740_000_000 - 99 * DAY}),
        (Match(currencies=("eur",), at_least_minor=29_50), {"amount_minor": 29_50}),
    ],
)
def test_cases_of_different_segments_are_of_different_kinds(
    when: Match, other: dict[str, Any]
) -> None:
    sorts = Kinds(FIXED, replace(FIXED, segments=(Segment(name="some", when=when),)))
    one, another = a_case(), a_case(**other)
    assert [sorts.of(case, 29_00.0) for case in (one, another, one, another)] == [0, 1, 0, 1]
    assert sorts.examples == [one, another]


def test_kinds_beyond_the_most_get_the_number_of_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "MOST_KINDS", 3)
    sorts = Kinds(a_policy(Plan(retries=Learned(tries=2, gap=A_DAY))))
    cases = [a_case(currency=currency) for currency in ("eur", "usd", "gbp", "jpy", "usd")]
    assert [sorts.of(case, 20_00.0) for case in cases] == [0, 1, 2, 2, 1]
    assert len(sorts.examples) == 3


def test_where_kinds_do_not_matter_the_first_case_stands_for_all() -> None:
    cases = [a_case(customer=f"cus_{number}") for number in range(5)]
    read = iter(cases)
    sorts = Kinds(FIXED)
    watched = sorts.watched(read)
    assert sorts.examples == cases[:1]
    assert next(read) is cases[1]  # the others were not read ahead: there may be a million
    assert list(watched) == [cases[0], *cases[2:]]


def test_where_kinds_matter_cases_pass_as_they_are() -> None:
    cases = [a_case()]
    sorts = Kinds(a_policy(Plan(retries=Learned(tries=2, gap=A_DAY))))
    assert sorts.watched(cases) is cases
    assert sorts.examples == []


def test_a_policy_is_told_all_that_was_written_down_of_a_case() -> None:
    told = Profile(
        country="DE",
        timezone="UTC",
        interval="month",
        price="price_basic",
        collection="send_invoice",
        subscribed_at=instant(1_700_000_000),
    )
    assert profile_of(a_case(), None) == told
    unknown = a_case(subscribed_at=None)
    assert profile_of(unknown, None) == replace(told, subscribed_at=None)
    place = Place(0, "US", None, "America/Chicago")
    assert profile_of(a_case(), place) == replace(told, country="US", timezone="America/Chicago")
