"""The virtual clock: the same instant in every process, there and back again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.clock import ClockSpec, InvalidClock, RehearsalClock

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
WALL = 1_700_000_000.0


def clock(*legs: tuple[float, float | None]) -> RehearsalClock:
    """A clock that stands at BEGIN when the wall says WALL."""
    return RehearsalClock.starting(BEGIN, *legs, wall=WALL)


def test_each_leg_runs_at_its_own_speed_and_the_last_one_for_ever() -> None:
    demo = clock((15_000, 120), (1_440, None))
    assert demo.at(WALL) == BEGIN
    assert demo.at(WALL + 60) == BEGIN + timedelta(seconds=900_000)
    assert demo.at(WALL + 121) == BEGIN + timedelta(seconds=1_800_000 + 1_440)
    assert (demo.speed_at(WALL + 1), demo.speed_at(WALL + 500)) == (15_000, 1_440)


def test_two_processes_with_one_specification_agree() -> None:
    first = clock((15_000, 120), (1_440, None))
    second = RehearsalClock.parse(first.spec())
    assert all(first.at(WALL + s) == second.at(WALL + s) for s in range(0, 300, 7))


def test_a_clock_that_stands_never_reaches_tomorrow() -> None:
    assert clock((0, None)).wall_of(BEGIN + timedelta(days=1)) == float("inf")


def test_moving_a_clock_keeps_the_legs_that_are_left() -> None:
    moved = clock((100, 10), (1, None)).moved(WALL + 4, BEGIN.timestamp())
    assert moved.at(WALL + 4) == BEGIN
    assert moved.at(WALL + 10) == BEGIN + timedelta(seconds=600)
    assert moved.at(WALL + 11) == BEGIN + timedelta(seconds=601)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"wall": 0, "virtual": 0, "legs": []}',
        '{"wall": 0, "virtual": 0, "legs": [[-1, null]]}',
        '{"wall": 0, "virtual": 0, "legs": [[1, null], [2, null]]}',
        '{"wall": 0, "virtual": 0, "legs": [[1, -5]]}',
        '{"wall": 0, "virtual": 0, "legs": [[1, null]], "tick": 1}',
    ],
)
def test_what_is_no_clock_is_refused(text: str) -> None:
    with pytest.raises(InvalidClock):
        RehearsalClock.parse(text)


@given(
    st.lists(st.tuples(st.floats(0.5, 20_000), st.floats(0.1, 500)), max_size=4),
    st.floats(0.5, 20_000),
    st.floats(0, 5_000),
)
def test_the_wall_instant_of_a_virtual_instant_leads_back_to_it(
    legs: list[tuple[float, float]], last: float, passed: float
) -> None:
    running = RehearsalClock(ClockSpec(0.0, 0.0, (*legs, (last, None))))
    virtual = running.seconds_at(passed)
    assert running.wall_of(virtual) == pytest.approx(passed, abs=1e-3)
