"""A million due actions: claimed (B1, B2), and handed to workers through Redis (B3)."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import redis
from dramatiq.brokers.redis import RedisBroker
from msgspec import Struct, to_builtins

from adapters.jobs.broker import redis_broker
from adapters.jobs.job_queue import DramatiqJobQueue
from adapters.postgres.action_queue import PostgresActionQueue
from adapters.postgres.chores import PostgresChoreQueue
from adapters.postgres.inbox import PostgresInbox
from adapters.postgres.pools import open_pools
from application.ports.stores import ActionRef
from application.shaping import Shaper
from application.use_cases.dispatch_due import BATCH, CLAIM, DispatchDue
from bench.installation import ACCOUNT, ROOT, Installation, stop
from bench.machine import load_average
from bench.table import Row
from bench.taking import TAKEN, WORKERS
from rehearsal.embedded import start_redis

ALL, SOME = 1_000_000, 20_000
SAMPLE, QUICK_SAMPLE = 20_000, 500  # messages with one id each: their rate is all we need
LEASE: Final = timedelta(hours=1)
PAUSE_S: Final = 0.002  # between two looks at workers that are behind
STUCK_S: Final = 60.0

# An empty inbox: events that another row left unhandled would be handed over too. Actions without
# their cases: claiming does not look at those.
SEED: Final = """
truncate scheduled_actions, inbox_events, inbox_bodies;
set session_replication_role = replica;
insert into scheduled_actions
    (merchant_id, action_id, case_id, account, kind, number, due_at)
select m.merchant_id, uuidv7(), uuidv7(), '{account}', 'attempt', 1,
    now() - interval '2 hours' + n * interval '1 millisecond'
from merchants m, generate_series(1, {rows}) as n;
set session_replication_role = default;
vacuum (freeze, analyze) scheduled_actions;
checkpoint
"""


class Claiming(Struct, frozen=True, kw_only=True):
    """All rows claimed once."""

    rows: int
    seconds: float
    postgres_ms: float  # CPU per row
    first_per_second: float  # of the first tenth
    last_per_second: float
    load_average: float

    @property
    def kept(self) -> float:
        """How much of the first tenth's rate is left in the last."""
        return self.last_per_second / self.first_per_second


class Handing(Struct, frozen=True, kw_only=True):
    """Rows that a worker has taken out of Redis."""

    rows: int
    seconds: float
    load_average: float

    @property
    def per_second(self) -> float:
        return self.rows / self.seconds


def measure(here: Installation, *, quick: bool) -> list[Row]:
    """Rows B1, B2, B3."""
    rows, sample = (SOME, QUICK_SAMPLE) if quick else (ALL, SAMPLE)
    asyncio.run(_seed(here, rows))
    claiming = asyncio.run(_claim_all(here, rows))
    asyncio.run(_seed(here, rows))
    cache = start_redis(here.folder)
    try:
        batches = _handed(here, cache.url(), rows, _in_batches)
        singles = _handed(here, cache.url(), sample, _one_by_one)
    finally:
        cache.stop()
    return [*_claim_rows(claiming), _handing_row(batches, singles)]


async def _seed(here: Installation, rows: int) -> None:
    """In single statements: `vacuum` has no transaction around it."""
    connection = await asyncpg.connect(here.owner_url)
    try:
        for statement in SEED.format(account=ACCOUNT, rows=rows).split(";"):
            await connection.execute(statement)
    finally:
        await connection.close()


async def _claim_all(here: Installation, rows: int) -> Claiming:
    async with open_pools(here.postgres.url()) as pools:
        queue, claimed, marks = PostgresActionQueue(pools.system), 0, [(0, time.perf_counter())]
        used = here.postgres_cpu_s()
        while batch := await queue.claim(datetime.now(UTC), CLAIM, LEASE):
            claimed += len(batch)
            marks.append((claimed, time.perf_counter()))
        used = here.postgres_cpu_s() - used
    assert claimed == rows, f"{claimed} of {rows} rows were claimed"
    return Claiming(
        rows=rows,
        seconds=marks[-1][1] - marks[0][1],
        postgres_ms=used / rows * 1e3,
        first_per_second=_rate(marks, 0, rows // 10),
        last_per_second=_rate(marks, rows - rows // 10, rows),
        load_average=load_average(),
    )


def _rate(marks: list[tuple[int, float]], first: int, last: int) -> float:
    """Rows a second between two counts."""
    within = [mark for mark in marks if first <= mark[0] <= last]
    (before, began), (after, ended) = within[0], within[-1]
    return (after - before) / (ended - began)


Send = Callable[[Installation, RedisBroker, int], Coroutine[None, None, None]]


def _handed(here: Installation, redis_url: str, rows: int, send: Send) -> Handing:
    """From the first claim until a worker has taken the last id."""
    taken = redis.Redis.from_url(redis_url)
    taken.set(TAKEN, 0)
    broker = redis_broker(redis_url)
    with _worker(redis_url):
        _await(lambda: int(taken.get(WORKERS) or 0) > 0)
        began = time.perf_counter()
        asyncio.run(send(here, broker, rows))
        _await(lambda: int(taken.get(TAKEN) or 0) >= rows)
        seconds = time.perf_counter() - began
    taken.delete(WORKERS)
    return Handing(rows=rows, seconds=seconds, load_average=load_average())


def _await(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STUCK_S
    while not true():
        assert time.monotonic() < deadline, "the worker is stuck"
        time.sleep(PAUSE_S)


@contextmanager
def _worker(redis_url: str) -> Iterator[None]:
    """A worker that counts what it is handed, in a process of its own."""
    argv = [sys.executable, "-m", "bench.taking", redis_url]
    child = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        stop(child)


async def _in_batches(here: Installation, broker: RedisBroker, rows: int) -> None:
    """The dispatcher's own rounds, with Stripe's pace set aside."""
    handed = 0
    async with _dispatching(here, broker) as round_of:
        while handed < rows:
            now = await round_of()
            handed += now
            if not now:
                await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def _dispatching(here: Installation, broker: RedisBroker) -> AsyncIterator[DispatchDue]:
    async with open_pools(here.postgres.url()) as pools:
        yield DispatchDue(
            inbox=PostgresInbox(pools.system),
            actions=PostgresActionQueue(pools.system),
            chores=PostgresChoreQueue(pools.system),
            jobs=DramatiqJobQueue(broker),
            shaper=Shaper(lambda _account: 0.0),
            clock=lambda: datetime.now(UTC),
            count=lambda _kind, _count: None,
            lease=LEASE,
        )


async def _one_by_one(here: Installation, broker: RedisBroker, rows: int) -> None:
    """What one would do without batches: the ids are at hand, each goes as a message."""
    jobs = DramatiqJobQueue(broker)
    async with open_pools(here.postgres.url()) as pools, pools.system.acquire() as connection:
        found = await connection.fetch(
            "select merchant_id, action_id from scheduled_actions limit $1", rows
        )
    for row in found:
        await jobs.send_actions((ActionRef(row["merchant_id"], row["action_id"]),))


def _claim_rows(found: Claiming) -> list[Row]:
    return [
        Row(
            name="B1",
            work="claim of due actions: Postgres CPU per row",
            goal="<= 0.006 ms",
            figure=f"{found.postgres_ms:.4f} ms",
            met=found.postgres_ms <= 0.006,
            bound=(
                f"{found.rows:,} rows in batches of {CLAIM}: a lease is a row lock and a new row "
                "version on the same page (HOT), both written to the log; no index is touched."
            ),
            readings=to_builtins(found),
        ),
        Row(
            name="B2",
            work=f"last tenth of {found.rows:,} claims against the first",
            goal=">= 0.8 x",
            figure=f"{found.kept:.2f} x",
            met=found.kept >= 0.8,
            bound=(
                f"{found.first_per_second:,.0f} rows/s, then {found.last_per_second:,.0f}: the "
                "watermark skips what is leased; every 5 s the head of the index is walked."
            ),
        ),
    ]


def _handing_row(batches: Handing, singles: Handing) -> Row:
    ratio = batches.per_second / singles.per_second
    return Row(
        name="B3",
        work=f"{batches.rows:,} due actions claimed and with workers",
        goal=">= 10 x",
        figure=f"{ratio:.1f} x",
        met=ratio >= 10,
        bound=(
            f"{batches.per_second:,.0f}/s in messages of {BATCH}, bound by the claim; one message "
            f"each {singles.per_second:,.0f}/s (a sample of {singles.rows:,}, claiming not even "
            "counted), bound by Dramatiq's work per message."
        ),
        readings={"batches": to_builtins(batches), "singles": to_builtins(singles)},
    )
