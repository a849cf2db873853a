"""The database's time: a process keeps it, whatever the clock of its own machine shows."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.clock import MOST_ASKS, SLOW_S, DatabaseTime, since_boot
from adapters.postgres.pools import open_pools
from adapters.postgres.unit_of_work import units_of_work
from application.errors import Unavailable
from tests.contract.worlds import BOX

HOUR_S = 3_600.0
NOON_S = datetime(2026, 7, 3, 12, tzinfo=UTC).timestamp()
ROUNDING_S = 1e-5
offsets = st.floats(-48 * HOUR_S, 48 * HOUR_S)
delays = st.floats(0, 30)


class Machine:
    """A clock that somebody sets, time that passes, and a database somewhere else."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.true_s, self.ahead_s = NOON_S, ahead_s
        self.off: list[float] = []
        self.questions = 0
        self.kept = DatabaseTime(wall=self.shows, passed=self.passed, told=self.off.append)

    def shows(self) -> float:
        return self.true_s + self.ahead_s

    def passed(self) -> float:
        return self.true_s - NOON_S

    def answering(
        self, there_s: float = 0.0, back_s: float = 0.0
    ) -> Callable[[], Awaitable[datetime]]:
        """A database to which a question takes so long, and its answer from it."""

        async def answer() -> datetime:
            self.questions += 1
            self.true_s += there_s
            said = datetime.fromtimestamp(self.true_s, UTC)
            self.true_s += back_s
            return said

        return answer

    def wrong_s(self) -> float:
        return self.kept.time() - self.true_s


def test_before_any_answer_the_machines_own_clock_is_believed() -> None:
    assert Machine(ahead_s=HOUR_S).wrong_s() == HOUR_S


async def test_a_clock_that_is_hours_off_is_right_after_one_answer() -> None:
    machine = Machine(ahead_s=-7 * HOUR_S)
    await machine.kept.ask(machine.answering())
    machine.true_s += 600
    assert machine.wrong_s() == pytest.approx(0, abs=ROUNDING_S)
    assert machine.off == [pytest.approx(-7 * HOUR_S)]


async def test_a_machine_that_is_set_to_another_time_moves_nothing_after_the_first_answer() -> None:
    machine = Machine()
    await machine.kept.ask(machine.answering())
    machine.ahead_s = 24 * HOUR_S
    assert machine.wrong_s() == pytest.approx(0, abs=ROUNDING_S)


async def test_the_database_is_followed_when_it_is_another_one() -> None:
    machine = Machine()
    await machine.kept.ask(machine.answering())

    async def elsewhere() -> datetime:
        return datetime.fromtimestamp(machine.true_s + 60, UTC)

    await machine.kept.ask(elsewhere)
    assert machine.wrong_s() == pytest.approx(60, abs=ROUNDING_S)


@given(there_s=delays, back_s=delays)
async def test_a_machine_that_is_right_is_believed_to_the_microsecond(
    there_s: float, back_s: float
) -> None:
    machine = Machine()
    await machine.kept.ask(machine.answering(there_s, back_s))
    assert machine.wrong_s() == pytest.approx(0, abs=ROUNDING_S)


@given(offsets, st.lists(st.tuples(delays, delays), max_size=5))
async def test_no_answer_however_slow_makes_worse_what_is_known(
    ahead_s: float, slow: list[tuple[float, float]]
) -> None:
    machine = Machine(ahead_s)
    await machine.kept.ask(machine.answering(SLOW_S / 4, SLOW_S / 4))
    wrong_s = abs(machine.wrong_s())
    assert wrong_s <= SLOW_S / 2 + ROUNDING_S
    for there_s, back_s in slow:
        await machine.kept.ask(machine.answering(there_s, back_s))
        assert abs(machine.wrong_s()) <= wrong_s + ROUNDING_S
        wrong_s = abs(machine.wrong_s())


async def test_a_first_answer_that_is_slow_is_asked_for_again() -> None:
    machine = Machine(ahead_s=HOUR_S)
    slow, quick = machine.answering(back_s=2 * SLOW_S), machine.answering()

    async def at_last() -> datetime:
        return await (slow() if machine.questions == 0 else quick())

    await machine.kept.ask(at_last)
    assert machine.questions == 2
    assert machine.wrong_s() == pytest.approx(0, abs=ROUNDING_S)


async def test_a_database_that_is_always_slow_is_asked_a_few_times_and_then_once() -> None:
    machine = Machine(ahead_s=HOUR_S)
    slow = machine.answering(back_s=2 * SLOW_S)
    await machine.kept.ask(slow)
    assert machine.questions == MOST_ASKS
    assert abs(machine.wrong_s()) <= 2 * SLOW_S + ROUNDING_S
    await machine.kept.ask(slow)
    assert machine.questions == MOST_ASKS + 1


async def test_a_question_that_fails_changes_nothing() -> None:
    machine = Machine(ahead_s=HOUR_S)

    async def away() -> datetime:
        raise Unavailable("Postgres: away")

    with pytest.raises(Unavailable):
        await machine.kept.ask(away)
    assert machine.wrong_s() == HOUR_S
    assert machine.off == []


def test_time_since_boot_passes_and_needs_no_boottime(monkeypatch: pytest.MonkeyPatch) -> None:
    before = since_boot()
    assert since_boot() >= before
    monkeypatch.delattr("time.CLOCK_BOOTTIME", raising=False)
    before = since_boot()
    assert since_boot() >= before


class Wrong:
    """A machine whose clock stands still at some noon, before a real server."""

    def __init__(self) -> None:
        self.off: list[float] = []
        self.kept = DatabaseTime(wall=lambda: NOON_S, told=self.off.append)


@pytest.mark.parametrize("pool", ["app", "system"])
async def test_a_first_connection_tells_the_time_whichever_pool_opens_it(
    database_url: str, pool: str
) -> None:
    wrong = Wrong()
    async with (
        open_pools(database_url, wall=wrong.kept) as pools,
        getattr(pools, pool).acquire() as connection,
    ):
        before = await connection.fetchval("select clock_timestamp()")
        kept = wrong.kept.time()
        after = await connection.fetchval("select clock_timestamp()")
    assert before.timestamp() - SLOW_S <= kept <= after.timestamp() + SLOW_S
    assert len(wrong.off) == 1


async def test_each_unit_of_work_tells_the_time_without_another_round_trip(
    database_url: str,
) -> None:
    wrong, merchant_id = Wrong(), uuid4()
    async with open_pools(database_url) as pools:
        open_uow = units_of_work(pools.app, BOX, wrong.kept)
        async with pools.app.acquire() as connection:
            before = await connection.fetchval("select clock_timestamp()")
        async with open_uow(merchant_id) as uow:
            assert await uow.cases.load(uuid4()) == ()
        kept = wrong.kept.time()
        async with pools.app.acquire() as connection:
            after = await connection.fetchval("select clock_timestamp()")
        async with open_uow(merchant_id):
            pass
    assert before.timestamp() - SLOW_S <= kept <= after.timestamp() + SLOW_S
    assert len(wrong.off) == 2
