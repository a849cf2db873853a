"""Candidates for a charge: their odds are the model's, their instants those worth a look."""

from datetime import UTC, date, datetime
from math import exp, log, sqrt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.decline import DeclineFamily
from domain.timing import features as f
from domain.timing.features import Key
from domain.timing.knowledge import Bucket, Knowledge
from domain.timing.lessons import ChargeLesson
from domain.timing.outlook import Instant, Outlook, Range, _thinned, outlook
from domain.timing.search import next_chance
from domain.timing.situation import Situation
from tests.domain.timing_cases import DAY, HOUR, MONDAY, situation

NEW_YORK = ZoneInfo("America/New_York")
HOLIDAYS = (date(2026, 3, 13), date(2026, 3, 31))


def experience() -> Knowledge:
    """Something learned in many buckets."""
    knowledge = Knowledge()
    for number in range(200):
        at = MONDAY - 50 * DAY + number * 11 * HOUR
        case = situation(failed_at=at - number % 9 * DAY, last_try_at=at - number % 50 * HOUR)
        knowledge.learn(ChargeLesson(situation=case, at=at, succeeded=number % 3 == 0))
    return knowledge


KNOWN = experience()


def of_hour(mean: float, variance: float, *hours: int) -> dict[Key, Bucket]:
    return {
        ("hour", "funds", hour): Bucket(mean, variance, 50.0, 9.0, MONDAY.toordinal())
        for hour in hours
    }


def seen(case: Situation, knowledge: Knowledge, **facts: object) -> Outlook:
    usual: dict[str, object] = {"earliest": MONDAY + DAY, "end": MONDAY + 30 * DAY, "tries": 4}
    return outlook(case, knowledge, Range(**(usual | facts)))  # type: ignore[arg-type]


cases = st.builds(
    situation,
    family=st.sampled_from(DeclineFamily),
    failed_at=st.integers(10, 25 * 24).map(lambda hours: MONDAY - hours * HOUR),
    last_try_at=st.integers(0, 9).map(lambda hours: MONDAY - hours * HOUR),
    tries=st.integers(0, 12),
    country=st.sampled_from(["US", "DE", None]),
    timezone=st.sampled_from(["America/New_York", "Asia/Kolkata", "nowhere"]),
    funding=st.sampled_from(["debit", "credit", None]),
)


def best_hours(view: Outlook, earliest: datetime) -> list[datetime]:
    """Those candidates that are not among the first hours."""
    soon = [earliest + hours * HOUR for hours in (0, 2, 6, 12)]
    return [one.at for one in view.instants if one.at not in soon]


@settings(max_examples=15)
@given(cases, st.integers(0, 100))
def test_every_candidates_chance_is_what_knowledge_gives_to_that_instant(
    case: Situation, wait: int
) -> None:
    view = seen(case, KNOWN, earliest=MONDAY + wait * HOUR)
    for index, instant in enumerate(view.instants):
        assert instant.hours == (instant.at - case.last_try_at) // HOUR
        chance = KNOWN.charge_chance(case, instant.at)
        assert next_chance(view, index) == pytest.approx(chance)
        assert instant.tried == instant.odds


def test_holidays_move_the_pay_days_that_a_candidate_is_looked_at_by() -> None:
    view = seen(situation(), KNOWN, holidays=HOLIDAYS)
    plain = seen(situation(), KNOWN)
    moved = 0
    for index, instant in enumerate(view.instants):
        keys = f.charge_keys(situation(), instant.at, HOLIDAYS)
        assert next_chance(view, index) == pytest.approx(KNOWN.chance(keys))
        moved += next_chance(view, index) != pytest.approx(next_chance(plain, index))
    assert moved


@pytest.mark.parametrize("boldness", [-1.5, 0.4, 2.0])
def test_an_uncertain_instant_is_raised_by_so_many_of_its_standard_deviations(
    boldness: float,
) -> None:
    case = situation()
    for instant in seen(case, KNOWN, boldness=boldness).instants:
        local = instant.at.astimezone(NEW_YORK)
        calendar = f.calendar_of(case)
        day = calendar.place(local.toordinal(), local.hour)
        keys = (
            *f.hour_keys("funds", local.hour),
            *f.day_keys("funds", "US", local),
            f.since_key("funds", (instant.at - case.failed_at).days),
            f.pay_day_key("funds", calendar.since[day]),
        )
        deviation = sqrt(sum(KNOWN.reading(key)[1] for key in keys))
        assert log(instant.tried / instant.odds) == pytest.approx(boldness * deviation)


def test_the_next_hours_and_the_best_hour_of_each_day_are_looked_at() -> None:
    good = Knowledge(dict(of_hour(4.0, 0.01, 7)))
    earliest = datetime(2026, 3, 10, 11, 13, 20, 5, tzinfo=UTC)  # 7 in the morning over there
    view = seen(situation(), good, earliest=earliest, end=earliest + 5 * DAY)
    sevens = [datetime(2026, 3, day, 7, tzinfo=NEW_YORK) for day in (11, 12, 13, 14, 15)]
    soon = [earliest + hours * HOUR for hours in (0, 2, 6, 12)]
    assert [one.at for one in view.instants] == [*soon, *(at.astimezone(UTC) for at in sevens)]


def test_the_first_instant_is_looked_at_once_and_the_end_never() -> None:
    good = Knowledge(dict(of_hour(4.0, 0.01, 7)))
    seven = datetime(2026, 3, 10, 7, tzinfo=NEW_YORK).astimezone(UTC)
    for end in (seven + 12 * HOUR, seven + DAY):
        view = seen(situation(), good, earliest=seven, end=end)
        waits = [(one.at - seven) // HOUR for one in view.instants]
        assert waits == [wait for wait in (0, 2, 6, 12) if seven + wait * HOUR < end]


def test_an_hour_that_a_clock_change_skips_is_looked_at_after_the_change() -> None:
    good = Knowledge(dict(of_hour(4.0, 0.01, 2)))
    friday = datetime(2026, 3, 6, 20, tzinfo=UTC)
    case = situation(failed_at=friday - DAY, last_try_at=friday - DAY)
    view = seen(case, good, earliest=friday, end=friday + 4 * DAY)
    locals_ = [at.astimezone(NEW_YORK) for at in best_hours(view, friday)]
    assert [(at.day, at.hour) for at in locals_] == [(7, 2), (8, 3), (9, 2), (10, 2)]


@pytest.mark.parametrize(
    ("hour", "expected"), [(4, [(1, 5), (2, 6)]), (5, [(2, 6)]), (6, [(2, 6), (3, 6)])]
)
def test_an_hour_that_comes_twice_is_looked_at_the_first_time_alone(
    hour: int, expected: list[tuple[int, int]]
) -> None:
    """New York's clocks go back on 1 November at 6 UTC: 1 o'clock is at 5 and at 6."""
    good = Knowledge(dict(of_hour(4.0, 0.01, 1)))
    failed_at = datetime(2026, 10, 29, tzinfo=UTC)
    case = situation(failed_at=failed_at, last_try_at=failed_at)
    earliest = datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
    view = seen(case, good, earliest=earliest, end=earliest + 2 * DAY)
    assert [(at.day, at.hour) for at in best_hours(view, earliest)] == expected


@pytest.mark.parametrize(("boldness", "hour"), [(0.0, 9), (2.0, 15), (-2.0, 9)])
def test_the_best_hour_is_bold_where_the_draw_is(boldness: float, hour: int) -> None:
    """At 9 it is surely good; at 15 it may be better, for little is known of it."""
    learned = Knowledge(of_hour(3.0, 0.01, 9) | of_hour(2.9, 4.0, 15) | of_hour(3.0, 0.01, 10))
    view = seen(situation(), learned, boldness=boldness)
    assert {at.astimezone(NEW_YORK).hour for at in best_hours(view, MONDAY + DAY)} == {hour}


def instants(*tried: float) -> list[Instant]:
    return [
        Instant(MONDAY + number * DAY, 24 * number, exp(0.1), worth, number)
        for number, worth in enumerate(tried)
    ]


def test_of_days_beyond_the_near_ones_only_the_better_of_two_is_kept() -> None:
    all_of_them = instants(9.0, 0.1, 0.2, 0.3, 0.5, 0.4, 0.7, 0.7, 0.1)
    kept = [one.hours // 24 for one in _thinned(all_of_them, MONDAY + 2 * DAY)]
    assert kept == [0, 1, 3, 4, 6, 8]
    assert _thinned(all_of_them, MONDAY + 9 * DAY) == all_of_them
    assert [one.hours // 24 for one in _thinned(all_of_them[:4], MONDAY)] == [0, 3]


def test_a_week_is_looked_at_day_by_day_and_what_follows_every_other_day() -> None:
    view = seen(situation(), KNOWN, end=MONDAY + 22 * DAY)
    days = [(at - MONDAY).days for at in best_hours(view, MONDAY + DAY)]
    near = [day for day in days if day < 8]
    assert near == list(range(near[0], 8))
    assert len(days) - len(near) == 7
