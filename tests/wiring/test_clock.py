"""Which time a process acts by: the database's, rehearsed or not."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest

from adapters.postgres.clock import SLOW_S, DatabaseTime
from application.charging import KEY_LIFE, SENT_FOR
from rehearsal.clock import RehearsalClock
from wiring.clock import clock_of
from wiring.composition import ground
from wiring.settings import Settings, SettingsInvalid, load

NOON = datetime(2026, 7, 3, 12, tzinfo=UTC)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAY_S = DAY.total_seconds()
MOST_WRONG = timedelta(seconds=SLOW_S)


async def a_process_whose_machine_is_an_hour_ahead() -> DatabaseTime:
    """It has asked a database where it is noon, and half a minute has passed."""
    passed = [0.0]
    kept = DatabaseTime(wall=(NOON + HOUR).timestamp, passed=lambda: passed[0])

    async def noon() -> datetime:
        return NOON

    await kept.ask(noon)
    passed[0] = 30.0
    return kept


async def test_a_process_acts_by_the_databases_time() -> None:
    kept = await a_process_whose_machine_is_an_hour_ahead()
    assert clock_of(Settings(), kept.time)() == NOON + timedelta(seconds=30)


async def test_a_rehearsed_time_is_computed_from_the_databases() -> None:
    kept = await a_process_whose_machine_is_an_hour_ahead()
    tenfold = RehearsalClock.starting(BEGIN, (10.0, None), wall=NOON.timestamp())
    clock = clock_of(Settings(clock=tenfold.spec()), kept.time)
    assert clock() == BEGIN + timedelta(seconds=300)


async def test_a_process_on_a_machine_a_day_ahead_stamps_by_the_databases_clock(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = partial(DatabaseTime, wall=lambda: time.time() + DAY_S)
    monkeypatch.setattr("wiring.composition.DatabaseTime", ahead)
    async with ground(Settings(database_url=database_url)) as here:
        own = here.clock()
        async with here.pools.app.acquire() as connection:
            before = await connection.fetchval("select clock_timestamp()")
            kept = here.clock()
            after = await connection.fetchval("select clock_timestamp()")
        async with here.open_uow(uuid4()):
            off_s = here.metrics.registry.get_sample_value("chargechase_clock_off_seconds")
    assert own - before > 0.9 * DAY
    assert before - MOST_WRONG <= kept <= after + MOST_WRONG
    assert off_s == pytest.approx(DAY_S, abs=SLOW_S)


def test_without_a_database_a_clock_shows_what_it_is_given() -> None:
    assert clock_of(Settings(), NOON.timestamp)() == NOON


def test_no_call_to_stripe_can_be_set_to_last_a_tenth_of_the_margin_of_a_key() -> None:
    margin_s = (KEY_LIFE - SENT_FOR).total_seconds()
    with pytest.raises(SettingsInvalid) as refused:
        load({"CHARGECHASE_STRIPE_TIMEOUT_S": str(margin_s / 10)})
    assert "CHARGECHASE_STRIPE_TIMEOUT_S" in str(refused.value)
