"""The card networks' limits, to the second."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.network import (
    DAY,
    MONTH,
    Budget,
    CardUse,
    Objection,
    budget,
    free_from,
    monthly_limit,
    objection,
    together,
    tries_left,
)
from tests.builders import HOUR, MONDAY

SECOND = timedelta(seconds=1)


def declines(count: int, first_at: datetime) -> tuple[datetime, ...]:
    """So many declines, a minute apart."""
    return tuple(first_at + n * timedelta(minutes=1) for n in range(count))


def against(
    use: CardUse, brand: str | None = "visa", *, month: int = 35, day: int = 10
) -> Objection | None:
    return objection(use, brand, MONDAY, card_month_limit=month, card_day_limit=day)


def test_a_fresh_card_may_be_charged() -> None:
    assert against(CardUse()) is None


def test_a_barred_card_never_may() -> None:
    assert against(CardUse(barred=True)) == Objection(rule="card_barred", until=None)


@pytest.mark.parametrize(
    ("brand", "limit"), [("visa", 20), ("mastercard", 35), ("amex", 8), ("discover", 8), (None, 8)]
)
def test_each_network_has_its_own_limit_and_no_policy_is_laxer(
    brand: str | None, limit: int
) -> None:
    assert monthly_limit(brand) == limit
    first_at = MONDAY - 20 * DAY
    below, at = (CardUse(month=declines(n, first_at)) for n in (limit - 1, limit))
    assert against(below, brand, month=35) is None
    assert against(at, brand, month=35) == Objection(rule="month_limit", until=first_at + MONTH)


def test_a_policy_can_be_stricter() -> None:
    first_at = MONDAY - 20 * DAY
    assert against(CardUse(month=declines(2, first_at)), month=2) is not None
    assert against(CardUse(month=declines(1, first_at)), month=2) is None


@pytest.mark.parametrize(("window", "field", "limit"), [(MONTH, "month", 20), (DAY, "day", 10)])
def test_a_decline_counts_until_its_window_ends_to_the_second(
    window: timedelta, field: str, limit: int
) -> None:
    recent = (MONDAY - HOUR,) * (limit - 1)
    for age, counts in ((window - SECOND, True), (window, False), (window + SECOND, False)):
        use = replace(CardUse(), **{field: (MONDAY - age, *recent)})
        found = against(use)
        assert (found is not None) == counts
        if found is not None:
            assert found.until == MONDAY + SECOND


def test_ten_declines_a_day_are_the_end_of_the_day_whatever_the_policy_says() -> None:
    use = CardUse(day=declines(10, MONDAY - HOUR))
    assert against(use, day=10) == Objection(rule="day_limit", until=MONDAY - HOUR + DAY)
    assert against(CardUse(day=declines(9, MONDAY - HOUR)), day=10) is None


instants = st.lists(
    st.timedeltas(min_value=timedelta(), max_value=timedelta(days=40)), max_size=45
).map(lambda ages: tuple(sorted(MONDAY - age for age in ages)))


@given(instants, st.sampled_from(["visa", "mastercard", "amex", None]), st.integers(1, 35))
def test_a_charge_is_allowed_exactly_if_its_decline_would_not_be_one_too_many(
    month: tuple[datetime, ...], brand: str | None, limit: int
) -> None:
    in_window = sum(at > MONDAY - MONTH for at in month)
    found = against(CardUse(month=month), brand, month=limit)
    assert (found is None) == (in_window < min(limit, monthly_limit(brand)))
    if found is not None:
        assert found.until is not None
        assert found.until > MONDAY
        later = objection(
            CardUse(month=month), brand, found.until, card_month_limit=limit, card_day_limit=10
        )
        assert later is None


def test_a_budget_says_what_is_used_what_is_left_and_when_more_frees_up() -> None:
    first_at = MONDAY - 20 * DAY
    use = CardUse(month=(MONDAY - 31 * DAY, *declines(5, first_at)))
    left = budget(use, "visa", MONDAY, 8)
    assert left == Budget(used=5, allowed=8, network=20, frees_at=first_at + MONTH)
    assert left.left == 3
    assert budget(CardUse(), "amex", MONDAY, 35) == Budget(used=0, allowed=8, network=8)


def test_a_budget_that_is_overdrawn_frees_up_when_there_is_room_again() -> None:
    use = CardUse(month=declines(10, MONDAY - 20 * DAY))
    left = budget(use, "visa", MONDAY, 8)
    assert left.left == 0
    found = against(use, month=8)
    assert found is not None
    assert left.frees_at == found.until


def test_tries_that_leave_the_month_before_then_can_be_made_again() -> None:
    use = CardUse(month=(MONDAY - 29 * DAY, MONDAY - 2 * DAY))
    assert tries_left(use, "visa", MONDAY, 3) == 1
    assert tries_left(use, "visa", MONDAY + 2 * DAY, 3) == 2
    assert tries_left(CardUse(barred=True), "visa", MONDAY, 3) == 0


def test_what_two_tell_of_the_same_refusals_counts_once() -> None:
    known = CardUse(month=(MONDAY - 2 * DAY, MONDAY - HOUR), day=(MONDAY - HOUR,), barred=True)
    old = MONDAY - 31 * DAY
    more = (old, MONDAY - 2 * DAY, MONDAY - HOUR, MONDAY - HOUR)
    both = together(known, more, MONDAY)
    assert both.month == (MONDAY - 2 * DAY, MONDAY - HOUR, MONDAY - HOUR)
    assert both.day == (MONDAY - HOUR, MONDAY - HOUR)
    assert both.barred
    assert together(known, (), MONDAY) is known
    assert together(known, (MONDAY - MONTH, MONDAY - DAY), MONDAY).day == (MONDAY - HOUR,)
    assert MONDAY - MONTH not in together(known, (MONDAY - MONTH,), MONDAY).month


@given(instants, instants, st.sampled_from(["visa", "amex"]), st.integers(1, 9), st.integers(1, 3))
def test_from_the_first_free_instant_on_nothing_forbids_a_charge_and_before_something_does(
    month: tuple[datetime, ...],
    day: tuple[datetime, ...],
    brand: str,
    a_month: int,
    a_day: int,
) -> None:
    use = CardUse(month=month, day=day)
    limits = {"card_month_limit": a_month, "card_day_limit": a_day}
    free_at, stood = free_from(use, brand, MONDAY, **limits)
    assert free_at is not None
    assert objection(use, brand, free_at, **limits) is None
    assert (free_at == MONDAY) == (not stood)
    if stood:
        assert objection(use, brand, free_at - timedelta(microseconds=1), **limits) is not None


def test_a_card_is_free_by_the_limit_of_its_own_network() -> None:
    use = CardUse(month=declines(10, MONDAY - 20 * DAY))
    limits = {"card_month_limit": 35, "card_day_limit": 10}
    assert free_from(use, "visa", MONDAY, **limits) == (MONDAY, ())
    assert free_from(use, "amex", MONDAY, **limits)[0] == use.month[-8] + MONTH
    assert (tries_left(use, "visa", MONDAY, 35), tries_left(use, "amex", MONDAY, 35)) == (10, 0)


def test_a_barred_card_is_never_free() -> None:
    free_at, stood = free_from(
        CardUse(barred=True), "visa", MONDAY, card_month_limit=8, card_day_limit=1
    )
    assert (free_at, stood) == (None, (Objection(rule="card_barred", until=None),))
