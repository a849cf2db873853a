"""Likely pay days: on working days, none skipped, none doubled."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar.paydays import (
    LONGEST_AGO,
    RULES,
    is_working_day,
    likely_pay_days,
    pay_calendar,
    working_day_before,
)

countries = st.sampled_from([*sorted(RULES), "SA", "??", None])
fundings = st.sampled_from(["debit", "credit", "prepaid", None, "unknown"])
days = st.dates(date(2024, 1, 1), date(2028, 12, 31))
some_holidays = st.lists(st.integers(0, 90), max_size=8)


def on(country: str, first: date, last: date, *holidays: date) -> list[date]:
    found = likely_pay_days(country, "debit", first, last, holidays)
    return [pay_day.day for pay_day in found]


@settings(max_examples=100, deadline=None)
@given(countries, fundings, days, st.integers(0, 90), some_holidays)
def test_each_pay_day_is_a_working_day_in_its_span_once_and_in_order(
    country: str | None, funding: str | None, first: date, length: int, closed: list[int]
) -> None:
    last = first + timedelta(days=length)
    holidays = tuple(first + timedelta(days=n) for n in closed)
    found = likely_pay_days(country, funding, first, last, holidays)
    named = [pay_day.day for pay_day in found]
    assert named == sorted(set(named))
    assert all(first <= day <= last for day in named)
    assert all(is_working_day(day, country, frozenset(holidays)) for day in named)
    assert all(0 < pay_day.weight <= 1 for pay_day in found)


@settings(max_examples=60, deadline=None)
@given(countries, days, st.integers(1, 60), st.integers(0, 60), some_holidays)
def test_no_pay_day_is_lost_or_doubled_where_two_spans_meet(
    country: str | None, first: date, length: int, cut: int, closed: list[int]
) -> None:
    last = first + timedelta(days=length)
    middle = first + timedelta(days=min(cut, length - 1))
    holidays = tuple(first + timedelta(days=n) for n in closed)
    after = middle + timedelta(days=1)
    assert likely_pay_days(country, "debit", first, last, holidays) == (
        *likely_pay_days(country, "debit", first, middle, holidays),
        *likely_pay_days(country, "debit", after, last, holidays),
    )


@pytest.mark.parametrize("country", [*sorted(RULES), None])
def test_nobody_waits_longer_than_a_month_for_a_pay_day(country: str | None) -> None:
    found = [p.day for p in likely_pay_days(country, None, date(2026, 1, 1), date(2026, 12, 31))]
    gaps = [later - earlier for earlier, later in pairwise(found)]
    assert max(gaps) <= timedelta(days=33)


def test_a_pay_day_on_a_weekend_or_a_holiday_comes_on_the_working_day_before() -> None:
    # 25 October 2026 is a Sunday; the Friday before is the 23rd.
    october = date(2026, 10, 10), date(2026, 10, 29)
    assert on("SE", *october) == [date(2026, 10, 23)]
    assert on("SE", *october, date(2026, 10, 23)) == [date(2026, 10, 22)]


def test_a_pay_day_of_the_next_month_can_move_into_this_one() -> None:
    # 1 August 2026 is a Saturday: who is paid on the 1st gets it on Friday, 31 July, with the rest.
    july = likely_pay_days("DE", "debit", date(2026, 7, 20), date(2026, 7, 31))
    june = likely_pay_days("DE", "debit", date(2026, 6, 20), date(2026, 6, 30))
    assert july[-1].day == date(2026, 7, 31)
    assert july[-1].weight > june[-1].weight
    assert on("DE", date(2026, 8, 1), date(2026, 8, 3)) == []


def test_a_month_that_is_too_short_pays_on_its_last_day() -> None:
    assert date(2026, 2, 27) in on("GB", date(2026, 2, 1), date(2026, 2, 28))


def test_brazil_pays_on_the_fifth_working_day() -> None:
    assert on("BR", date(2026, 6, 1), date(2026, 6, 12)) == [date(2026, 6, 5)]


def test_the_weekend_of_the_gulf_is_friday_and_saturday() -> None:
    friday = date(2026, 6, 5)
    assert working_day_before(friday, "SA", frozenset()) == date(2026, 6, 4)
    assert working_day_before(friday, "US", frozenset()) == friday


def test_a_credit_card_hangs_less_on_pay_day_than_a_debit_card() -> None:
    month = date(2026, 6, 1), date(2026, 6, 30)
    credit, unknown, debit = (
        sum(p.weight for p in likely_pay_days("US", funding, *month))
        for funding in ("credit", None, "debit")
    )
    assert credit < unknown < debit


def test_pay_days_that_fall_together_pay_nobody_twice() -> None:
    closed = tuple(date(2026, 6, day) for day in range(13, 31))
    (only,) = likely_pay_days("MX", "debit", date(2026, 6, 12), date(2026, 6, 30), closed)
    assert (only.day, only.weight) == (date(2026, 6, 12), 1.0)


@settings(max_examples=40, deadline=None)
@given(countries, fundings, st.integers(2024, 2028), st.integers(0, 600))
def test_the_calendar_only_adds_up_and_counts_the_days_since_a_big_pay_day(
    country: str | None, funding: str | None, year: int, offset: int
) -> None:
    calendar = pay_calendar(country, funding, year)
    assert list(calendar.paid) == sorted(calendar.paid)
    place = min(offset, len(calendar.since) - 2)
    now, after = calendar.since[place : place + 2]
    assert after in (0, min(LONGEST_AGO, now + 1))


def test_the_money_of_a_day_is_not_there_before_the_bank_has_posted_it() -> None:
    calendar = pay_calendar("SE", "debit", 2026)
    pay_day = date(2026, 11, 25).toordinal()
    night, morning = calendar.place(pay_day, 5), calendar.place(pay_day, 6)
    assert calendar.paid[night] < calendar.paid[morning]
    assert calendar.since[morning] == 0
    assert calendar.place(0, 12) == 0
    assert calendar.place(10**6, 12) == len(calendar.paid) - 1
