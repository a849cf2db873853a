"""Dramatiq's worker inside our own process: no fork, no command line of its own."""

import contextlib
import threading
from collections.abc import Callable
from typing import Final

import structlog
from dramatiq import Broker, Worker
from dramatiq.asyncio import get_event_loop_thread, set_event_loop_thread

STOP_WITHIN_MS: Final = 18_000  # for begun work; the consumers' own sockets take 5 s at most
IDLE_MS: Final = 100  # an idle queue is looked at this often, so this is the longest latency
PREFETCH_PER_THREAD: Final = 4

_log = structlog.get_logger()


def run_worker(
    broker: Broker, threads: int, *, stop_within_ms: int = STOP_WITHIN_MS
) -> Callable[[], None]:
    """Start working and return the way to stop. Raises StartFailed if a resource cannot be opened.

    One a process: Dramatiq keeps one event loop for all async actors.
    """
    worker = Worker(broker, worker_threads=threads, worker_timeout=IDLE_MS)
    worker.queue_prefetch = threads * PREFETCH_PER_THREAD
    broker.emit_after("process_boot")  # TimeLimit sleeps without it
    try:
        worker.start()
    except Exception:
        _end_loop()
        raise
    return _stop_once(broker, worker, stop_within_ms)


def _stop_once(broker: Broker, worker: Worker, within_ms: int) -> Callable[[], None]:
    """Stop in order: begun work ends, the rest goes back. A second call returns at once."""
    asked = threading.Lock()

    def stop() -> None:
        if not asked.acquire(blocking=False):
            return
        _log.info("worker_stopping")
        try:
            worker.stop(timeout=within_ms)
        finally:
            _end_loop()
            with contextlib.suppress(Exception):
                broker.close()

    return stop


def _end_loop() -> None:
    """The loop's thread is not a daemon: left running, it would keep the process alive."""
    loop = get_event_loop_thread()
    if loop is None:
        return
    loop.stop()  # type: ignore[no-untyped-call]
    set_event_loop_thread(None)
