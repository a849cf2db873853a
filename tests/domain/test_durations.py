"""Durations as a policy's form writes them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.durations import read, written

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@given(st.integers(0, 36_500 * 86_400).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_written_duration_is_read_as_the_same(duration: timedelta) -> None:
    assert read(written(duration)) == duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [("3 d", 3 * DAY), ("20h", 20 * HOUR), ("90 min", 90 * HOUR / 60), ("45 s", 45 * SECOND)],
)
def test_durations_have_four_units(text: str, duration: timedelta) -> None:
    assert read(text) == duration


@pytest.mark.parametrize(
    "text", ["", "3", "d", "3 days", "-3 d", "1.5 h", "٣ d", "9" * 12 + " d", "9" * 13 + " s"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Write a duration"):
        read(text)
