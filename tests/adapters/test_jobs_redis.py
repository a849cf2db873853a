"""The doorbell on a real Redis: it may forget, and it may be away."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import redis

from adapters.jobs.actors import declare_actors
from adapters.jobs.broker import redis_broker
from adapters.jobs.job_queue import MOST_CHORES, UNREACHABLE, DramatiqJobQueue
from adapters.jobs.worker import run_worker
from application.ports.chores import ChoreKind, ChoreRef
from application.ports.stores import ActionRef, EventRef
from rehearsal.embedded import EmbeddedRedis, start_redis

EVENTS = tuple(EventRef(UUID(int=1), "acct_bakery", f"evt_{n}") for n in range(300))
CHORES = tuple(ChoreRef(UUID(int=1), f"acct_{n}", ChoreKind.SWEEP) for n in range(3))
ACTIONS = tuple(ActionRef(UUID(int=1), UUID(int=n)) for n in range(5))


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    running = start_redis(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


class Worker:
    """A worker process's worth: its own broker, keeping every batch it gets."""

    def __init__(self, url: str) -> None:
        self.batches: list[tuple[Any, ...]] = []
        broker = redis_broker(url)
        declare_actors(
            broker, handle_events=self._keep, run_actions=self._keep, run_chores=self._keep
        )
        self.stop = run_worker(broker, threads=2)

    async def _keep(self, refs: tuple[Any, ...]) -> None:
        self.batches.append(refs)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def has(self, *batches: tuple[Any, ...]) -> None:
        await eventually(lambda: set(batches) <= set(self.batches))


async def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_batch_waits_until_a_worker_takes_it_up(server: EmbeddedRedis) -> None:
    jobs = DramatiqJobQueue(redis_broker(server.url()))
    await jobs.send_events(EVENTS)
    await jobs.send_actions(ACTIONS)
    await jobs.send_events(())
    assert await jobs.waiting() == 2
    with Worker(server.url()) as worker:
        await worker.has(EVENTS, ACTIONS)
        assert await jobs.waiting() == 0


async def test_chores_are_rung_one_by_one_and_hold_nobody_up(server: EmbeddedRedis) -> None:
    jobs = DramatiqJobQueue(redis_broker(server.url()))
    await jobs.send_chores(CHORES)
    assert await jobs.waiting() == 0, "how far workers are behind is told by events and actions"
    with Worker(server.url()) as worker:
        await worker.has(*((ref,) for ref in CHORES))


async def test_chores_that_nobody_takes_up_do_not_fill_redis(server: EmbeddedRedis) -> None:
    jobs, client = DramatiqJobQueue(redis_broker(server.url())), redis.Redis.from_url(server.url())
    for _ in range(MOST_CHORES):
        await jobs.send_chores(CHORES)
    assert client.llen("chargechase:chores") == MOST_CHORES
    server.stop()
    await jobs.send_chores(CHORES)


async def test_flushall_loses_what_waited_and_nothing_that_comes_after(
    server: EmbeddedRedis,
) -> None:
    jobs = DramatiqJobQueue(redis_broker(server.url()))
    with Worker(server.url()) as worker:
        await jobs.send_actions(ACTIONS)
        await worker.has(ACTIONS)
        redis.Redis.from_url(server.url()).flushall()
        await jobs.send_events(EVENTS)
        await worker.has(EVENTS)


async def test_a_redis_that_went_away_is_rung_again_when_it_is_back(
    server: EmbeddedRedis,
) -> None:
    jobs = DramatiqJobQueue(redis_broker(server.url()))
    await jobs.send_actions(ACTIONS)
    folder = server.home.folder
    server.stop()
    await jobs.send_actions(ACTIONS)
    assert await jobs.waiting() == UNREACHABLE
    again = start_redis(folder)
    try:
        await jobs.send_events(EVENTS)
        assert await jobs.waiting() == 1
    finally:
        again.stop()


async def test_an_idle_worker_hears_the_bell_at_once(server: EmbeddedRedis) -> None:
    jobs = DramatiqJobQueue(redis_broker(server.url()))
    with Worker(server.url()) as worker:
        await asyncio.sleep(0.5)
        started = time.monotonic()
        await jobs.send_actions(ACTIONS)
        await worker.has(ACTIONS)
        assert time.monotonic() - started < 1
