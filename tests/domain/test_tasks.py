"""Tasks follow from the case, are due at the end of a working day, and told of in the morning."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.shapes import EndAction
from domain.recovery import events as e
from domain.recovery.state import Pause, RecoveryCase
from domain.recovery.transitions import Phase
from domain.tasks import (
    DAY_ENDS,
    MORNING,
    TO_BEGIN_WITH,
    HandOff,
    TaskKind,
    asked_by,
    due_at,
    is_settled,
    next_morning,
    this_morning,
)

INSTANTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
ZONES = st.sampled_from(
    ["Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Australia/Lord_Howe", "UTC"]
)
CASES = st.builds(
    RecoveryCase,
    phase=st.sampled_from(Phase),
    pause=st.none() | st.builds(Pause, by=st.sampled_from(e.Pauser)),
    then=st.sampled_from(EndAction),
    end_waits=st.booleans(),
    by_hand=st.sampled_from(EndAction),
)


@given(CASES)
def test_a_case_that_needs_the_merchant_asks_for_something_and_no_other_does(
    case: RecoveryCase,
) -> None:
    assert bool(asked_by(case)) is case.needs_merchant


def test_what_is_asked_says_about_what() -> None:
    pause = Pause(by=e.Pauser.CUSTOMER, about=e.Problem.AMOUNT)
    questioned = RecoveryCase(phase=Phase.PAUSED, pause=pause)
    assert asked_by(questioned) == {TaskKind.SOMETHING_WRONG: "amount"}
    waits = RecoveryCase(phase=Phase.LOST, then=EndAction.VOID_INVOICE, end_waits=True)
    assert asked_by(waits) == {TaskKind.CONFIRM_END: "void_invoice"}
    by_hand = RecoveryCase(phase=Phase.LOST, by_hand=EndAction.CANCEL_SUBSCRIPTION)
    assert asked_by(by_hand) == {TaskKind.CAPABILITY_MISSING: "cancel_subscription"}


def test_of_a_lost_case_money_is_still_owed() -> None:
    settled = [phase for phase in Phase if is_settled(RecoveryCase(phase=phase))]
    assert settled == [Phase.RECOVERED, Phase.STOPPED]


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [(999_99, "eur", False), (1_000_00, "eur", True), (10**12, "sek", False)],
)
def test_large_is_what_the_merchant_calls_large(minor: int, currency: str, expected: bool) -> None:
    assert TO_BEGIN_WITH.is_large(minor, currency) is expected
    assert not HandOff(large={}, due_days={}).is_large(minor, currency)


def test_every_kind_has_a_date() -> None:
    assert set(TO_BEGIN_WITH.due_days) == set(TaskKind)


@pytest.mark.parametrize(
    ("opened", "days", "expected"),
    [
        ("2026-07-01 10:00", 1, "2026-07-02 18:00"),  # Wednesday to Thursday
        ("2026-07-03 10:00", 1, "2026-07-06 18:00"),  # Friday to Monday
        ("2026-07-04 10:00", 2, "2026-07-07 18:00"),  # Saturday to Tuesday
        ("2026-07-02 23:30", 3, "2026-07-07 18:00"),
        ("2026-10-23 12:00", 1, "2026-10-26 18:00"),  # the clocks go back between
    ],
)
def test_a_task_is_due_at_the_end_of_a_working_day(opened: str, days: int, expected: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    at = datetime.fromisoformat(opened).replace(tzinfo=zone)
    assert due_at(at, days, "Europe/Berlin") == datetime.fromisoformat(expected).replace(
        tzinfo=zone
    )


@given(INSTANTS, st.integers(1, 30), ZONES)
def test_due_is_later_on_a_working_day(opened: datetime, days: int, zone: str) -> None:
    due = due_at(opened, days, zone).astimezone(ZoneInfo(zone))
    assert due > opened
    assert (due.hour, due.weekday() < 5) == (DAY_ENDS, True)
    assert due_at(opened, days + 1, zone) > due


@given(INSTANTS, ZONES)
def test_there_is_a_morning_before_and_one_after(now: datetime, zone: str) -> None:
    before, after = this_morning(now, zone), next_morning(now, zone)
    assert before <= now < after
    assert after - before <= timedelta(hours=25)
    for morning in (before, after):
        assert morning.astimezone(ZoneInfo(zone)).hour == MORNING
    assert this_morning(after, zone) == after
