"""Local hours through every change of clocks."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import is_timezone, next_at_hour, within_hours

ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
]
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
YEARS = range(2024, 2031)


def changes(zone: ZoneInfo) -> list[datetime]:
    """The instants of 2024 to 2030 at which the clocks change, to the hour before."""
    start = datetime(YEARS.start, 1, 1, tzinfo=UTC)
    hours = [start + n * 6 * HOUR for n in range(4 * 366 * len(YEARS))]
    offsets = [(hour, hour.astimezone(zone).utcoffset()) for hour in hours]
    return [before for (before, was), (_, then) in pairwise(offsets) if was != then]


def steps_around(change: datetime) -> list[datetime]:
    """Every quarter of an hour of the two days around a change."""
    return [change - 24 * HOUR + n * 15 * MINUTE for n in range(4 * 48)]


@pytest.mark.parametrize("name", ZONES)
def test_a_planned_hour_is_never_in_the_past_and_shows_on_the_wall(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(zone):
        for hour in (0, 1, 2, 3, 9, 23):
            for instant in steps_around(change):
                planned = next_at_hour(instant, hour, name)
                assert planned >= instant
                assert planned - instant <= 26 * HOUR
                wall = planned.astimezone(zone)
                assert wall.hour == hour or _skipped(wall.replace(hour=hour, minute=0), zone)


def _skipped(wall: datetime, zone: ZoneInfo) -> bool:
    """True if no clock in the zone ever showed this on that day or the day before."""
    days = (wall, wall - timedelta(days=1))
    return any(day.astimezone(UTC).astimezone(zone).hour != wall.hour for day in days)


@pytest.mark.parametrize("name", ZONES)
def test_each_day_has_its_planned_hour_exactly_once(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(zone):
        for hour in (0, 2, 9):
            planned, at = [], change - 72 * HOUR
            while at < change + 72 * HOUR:
                at = next_at_hour(at, hour, name)
                planned.append(at)
                at += timedelta(microseconds=1)
            days = [day.astimezone(zone).date() for day in planned]
            assert [after - before for before, after in pairwise(days)] == [timedelta(days=1)] * (
                len(days) - 1
            )


def test_an_hour_that_is_skipped_is_taken_when_the_clock_has_moved_on() -> None:
    night = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # Berlin goes from two to three at 01:00 UTC
    assert next_at_hour(night, 2, "Europe/Berlin") == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_taken_the_first_time() -> None:
    night = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    first = datetime(2026, 10, 25, 0, tzinfo=UTC)  # Berlin: two o'clock, summer time
    assert next_at_hour(night, 2, "Europe/Berlin") == first
    assert next_at_hour(first + MINUTE, 2, "Europe/Berlin").day == 26


def test_the_very_instant_counts() -> None:
    nine = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert next_at_hour(nine, 9, "Europe/Berlin") == nine
    assert next_at_hour(nine, 9, "Europe/Berlin").tzinfo is UTC
    assert next_at_hour(nine + MINUTE, 9, "Europe/Berlin") == nine + 24 * HOUR


instants = st.timedeltas(timedelta(), timedelta(days=7 * 365)).map(
    lambda since: datetime(2024, 1, 1, tzinfo=UTC) + since
)


@given(instants, st.sampled_from(ZONES), st.integers(0, 23), st.integers(1, 24))
def test_an_instant_within_hours_stays_and_another_waits_for_the_first(
    instant: datetime, name: str, first: int, length: int
) -> None:
    last = min(24, first + length)
    moved = within_hours(instant, first, last, name)
    inside = first <= instant.astimezone(ZoneInfo(name)).hour < last
    assert (moved == instant) == inside
    assert moved >= instant
    assert moved - instant <= 26 * HOUR


def test_the_last_hour_is_not_within() -> None:
    evening = datetime(2026, 3, 2, 18, tzinfo=UTC)  # 19:00 in Berlin
    before = evening - timedelta(microseconds=1)
    assert within_hours(before, 9, 19, "Europe/Berlin") == before
    assert within_hours(evening, 9, 19, "Europe/Berlin") == evening + 14 * HOUR


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "/etc", "Europe", "a\0b"])
def test_what_is_no_timezone_is_told(name: str) -> None:
    assert not is_timezone(name)


@pytest.mark.parametrize("name", ZONES)
def test_what_is_one_is_known(name: str) -> None:
    assert is_timezone(name)
