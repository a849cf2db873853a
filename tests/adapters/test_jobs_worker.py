"""Dramatiq's worker inside our process, on a queue in memory."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
import structlog
from dramatiq import Broker, actor

from adapters.jobs.actors import ACTIONS, EVENTS, declare_actors
from adapters.jobs.broker import Draining, StartFailed, stub_broker
from adapters.jobs.worker import run_worker
from application.ports.stores import ActionRef, EventRef

MERCHANT = UUID(int=1)
EVENT = EventRef(merchant_id=MERCHANT, account="acct_bakery", event_id="evt_1")
ACTION = ActionRef(merchant_id=MERCHANT, action_id=UUID(int=7))


async def ignore(refs: tuple[Any, ...]) -> None:
    """For the queue that a test does not use."""


def declare(broker: Broker, events: Callable[[Any], Awaitable[None]] = ignore) -> None:
    declare_actors(broker, handle_events=events, run_actions=ignore, run_chores=ignore)


def send(broker: Broker, queue: str, *refs: Any) -> None:
    broker.get_actor(queue).send([list(map(str, ref)) for ref in refs])


def plain(ref: EventRef | ActionRef) -> tuple[Any, ...]:
    return tuple(getattr(ref, name) for name in ref.__struct_fields__)


@contextmanager
def working(broker: Broker, *, threads: int = 2) -> Iterator[None]:
    """A worker that is stopped whatever happens: its loop would keep the test run alive."""
    stop = run_worker(broker, threads)
    try:
        yield
    finally:
        stop()


def threads_that_keep_a_process() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if not thread.daemon}


def eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_batch_arrives_as_the_references_that_were_sent() -> None:
    broker, seen = stub_broker(), []

    async def keep(refs: tuple[Any, ...]) -> None:
        seen.append(refs)

    declare_actors(broker, handle_events=keep, run_actions=keep, run_chores=keep)
    with working(broker):
        send(broker, EVENTS, plain(EVENT), plain(EVENT))
        eventually(lambda: len(seen) == 1)
        send(broker, ACTIONS, plain(ACTION))
        eventually(lambda: len(seen) == 2)
    assert seen == [(EVENT, EVENT), (ACTION,)]


def test_resources_open_and_close_on_the_loop_that_runs_the_jobs() -> None:
    loops: list[tuple[str, asyncio.AbstractEventLoop]] = []

    async def startup() -> None:
        loops.append(("open", asyncio.get_running_loop()))

    async def job(refs: tuple[Any, ...]) -> None:
        loops.append(("job", asyncio.get_running_loop()))

    async def shutdown() -> None:
        loops.append(("close", asyncio.get_running_loop()))

    broker = stub_broker(startup=startup, shutdown=shutdown)
    declare(broker, job)
    with working(broker):
        send(broker, EVENTS, plain(EVENT))
        eventually(lambda: len(loops) == 2)
    assert [name for name, _ in loops] == ["open", "job", "close"]
    assert len({loop for _, loop in loops}) == 1


def test_a_resource_that_cannot_be_opened_stops_the_start_and_leaves_no_thread() -> None:
    async def startup() -> None:
        raise ConnectionError

    broker = stub_broker(startup=startup)
    declare(broker)
    before = threads_that_keep_a_process()
    with pytest.raises(StartFailed) as failure:
        run_worker(broker, threads=2)
    assert isinstance(failure.value.__cause__, ConnectionError)
    assert threads_that_keep_a_process() == before


def test_stopping_twice_at_once_does_not_hang_and_closes_once() -> None:
    closed = []

    async def shutdown() -> None:
        closed.append("once")

    broker = stub_broker(shutdown=shutdown)
    declare(broker)
    stop = run_worker(broker, threads=2)
    twice = [threading.Thread(target=stop) for _ in range(2)]
    for thread in twice:
        thread.start()
    for thread in twice:
        thread.join(10)
    stop()
    assert not any(thread.is_alive() for thread in twice)
    assert closed == ["once"]


def test_stopping_lets_a_begun_job_end_and_tells_it_not_to_begin_more() -> None:
    draining, begun, told = Draining(), threading.Event(), []

    async def job(refs: tuple[Any, ...]) -> None:
        begun.set()
        await asyncio.to_thread(eventually, draining)
        told.append("ended in peace")

    broker = stub_broker(draining=draining)
    declare(broker, job)
    with working(broker, threads=1):
        send(broker, EVENTS, plain(EVENT))
        assert begun.wait(5)
    assert told == ["ended in peace"]


def test_a_job_that_never_ends_does_not_keep_the_process() -> None:
    begun = threading.Event()

    async def job(refs: tuple[Any, ...]) -> None:
        begun.set()
        await asyncio.sleep(3600)

    broker = stub_broker()
    declare(broker, job)
    stop = run_worker(broker, threads=1, stop_within_ms=100)
    send(broker, EVENTS, plain(EVENT))
    has_begun, started = begun.wait(5), time.monotonic()
    stop()
    assert has_begun
    assert time.monotonic() - started < 5


def test_a_job_beyond_its_time_limit_is_cancelled_so_that_it_can_roll_back() -> None:
    broker, cancelled = stub_broker(), threading.Event()

    @actor(broker=broker, actor_name="slow", queue_name="slow", time_limit=100)
    async def _slow() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with working(broker, threads=1):
        broker.get_actor("slow").send()
        assert cancelled.wait(5)


def test_a_failed_batch_is_not_sent_again_by_dramatiq() -> None:
    broker, calls = stub_broker(), []

    async def job(refs: tuple[Any, ...]) -> None:
        calls.append(refs)
        raise RuntimeError

    declare(broker, job)
    with working(broker, threads=1):
        send(broker, EVENTS, plain(EVENT))
        eventually(lambda: len(calls) == 1)
        time.sleep(0.2)
    assert len(calls) == 1


def test_the_senders_correlation_id_is_bound_in_the_job() -> None:
    broker, seen = stub_broker(), []

    async def job(refs: tuple[Any, ...]) -> None:
        seen.append(structlog.contextvars.get_contextvars()["correlation_id"])

    declare(broker, job)
    with working(broker, threads=1):
        with structlog.contextvars.bound_contextvars(correlation_id="evt_42"):
            send(broker, EVENTS, plain(EVENT))
        eventually(lambda: len(seen) == 1)
    assert seen == ["evt_42"]
