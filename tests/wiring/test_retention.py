"""Retention: the newest of each day, week and month stays, and thinning often loses nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiring.retention import Keep, to_keep

START = datetime(2026, 1, 1, tzinfo=UTC)
# Backups as they are made: a few hours or days apart, some soon after another, some after a gap.
gaps = st.lists(
    st.one_of(st.integers(1, 40), st.integers(1, 24 * 60)).map(lambda h: timedelta(hours=h)),
    min_size=1,
    max_size=60,
)
keeps = st.builds(Keep, days=st.integers(0, 8), weeks=st.integers(0, 6), months=st.integers(0, 13))


def instants(waits: list[timedelta]) -> list[datetime]:
    """The instants at which backups were made, oldest first."""
    made, at = [], START
    for wait in waits:
        at += wait
        made.append(at)
    return made


def test_a_year_of_nightly_backups_leaves_a_week_five_weeks_and_twelve_months() -> None:
    nights = [START + timedelta(days=n, hours=3) for n in range(365)]

    kept = sorted(to_keep(nights, Keep(days=7, weeks=5, months=12)))

    assert [f"{at:%m-%d}" for at in kept] == (
        "01-31 02-28 03-31 04-30 05-31 06-30 07-31 08-31 09-30 10-31 11-30 "
        "12-06 12-13 12-20 12-25 12-26 12-27 12-28 12-29 12-30 12-31"
    ).split()


@given(gaps, keeps)
def test_the_newest_always_stays_and_nothing_is_made_up(waits: list[timedelta], keep: Keep) -> None:
    made = instants(waits)

    kept = to_keep(made, keep)

    assert made[-1] in kept
    assert kept <= set(made)
    assert len(kept) <= 1 + keep.days + keep.weeks + keep.months


@given(gaps, keeps)
def test_each_of_the_last_days_that_has_a_backup_keeps_its_newest(
    waits: list[timedelta], keep: Keep
) -> None:
    made = instants(waits)
    newest_of_day = {at.date(): at for at in made}
    last_days = sorted(newest_of_day)[len(newest_of_day) - min(keep.days, len(newest_of_day)) :]

    assert {newest_of_day[day] for day in last_days} <= to_keep(made, keep)


@given(gaps, keeps)
def test_thinning_after_every_backup_leaves_the_same_as_thinning_at_the_end(
    waits: list[timedelta], keep: Keep
) -> None:
    made = instants(waits)
    lying: frozenset[datetime] = frozenset()

    for at in made:
        lying = to_keep(lying | {at}, keep)

    assert lying == to_keep(made, keep)


@given(gaps, keeps)
def test_thinning_twice_changes_nothing(waits: list[timedelta], keep: Keep) -> None:
    once = to_keep(instants(waits), keep)

    assert to_keep(once, keep) == once


def test_no_backups_keep_none() -> None:
    assert to_keep([], Keep()) == frozenset()


def test_less_than_nothing_cannot_be_kept() -> None:
    with pytest.raises(ValueError, match="from 0 on"):
        Keep(weeks=-1)
