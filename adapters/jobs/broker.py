"""The Redis broker and what surrounds every message. No Retries: the Postgres row is the retry."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final

import redis
import structlog
from dramatiq import Broker, Message, Worker
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import (
    AgeLimit,
    AsyncIO,
    CurrentMessage,
    Middleware,
    MiddlewareError,
    TimeLimit,
)

NAMESPACE: Final = "chargechase"
# A message that is older than this speaks of rows whose lease ended long ago: they ring again.
OLDEST_MESSAGE_MS: Final = 600_000
LONGEST_BATCH_MS: Final = 900_000
SILENT_WORKER_MS: Final = 30_000  # its messages go back to the queue
DEAD_MESSAGE_TTL_MS: Final = 3_600_000
MAINTENANCE_PER_MILLION: Final = 10_000
SOCKET_TIMEOUT_S: Final = 5.0
CLOSE_WITHIN_S: Final = 5.0

Hook = Callable[[], Coroutine[Any, Any, None]]


class StartFailed(MiddlewareError):
    """A resource could not be opened, so the worker must not run; the cause says which."""


class Resources(Middleware):
    """Opens what the jobs need on the event loop that runs them, and closes it there."""

    def __init__(self, startup: Hook, shutdown: Hook) -> None:
        self._startup = startup
        self._shutdown = shutdown

    def before_worker_boot(self, _broker: Broker, _worker: Worker) -> None:
        """Dramatiq swallows every error here but its own kind."""
        try:
            _on_loop(self._startup)
        except Exception as error:
            raise StartFailed("a worker's resources could not be opened") from error

    def after_worker_shutdown(self, _broker: Broker, _worker: Worker) -> None:
        """After-hooks run in reverse: the loop is still there. What does not close in time is left
        to the end of the process."""

        async def bounded() -> None:
            await asyncio.wait_for(self._shutdown(), CLOSE_WITHIN_S)

        _on_loop(bounded)


class Draining(Middleware):
    """True from the moment a worker is asked to stop: batches finish what they have begun and
    leave the rest to whoever claims it next. (Dramatiq's ShutdownNotifications would cut a charge
    in two.)"""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def __call__(self) -> bool:
        return self._asked.is_set()

    def before_worker_boot(self, _broker: Broker, _worker: Worker) -> None:
        self._asked.clear()

    def before_worker_shutdown(self, _broker: Broker, _worker: Worker) -> None:
        self._asked.set()


class Correlation(Middleware):
    """Carries the correlation id in the message and binds it to every log line of the job."""

    def before_enqueue(self, _broker: Broker, message: Message[Any], _delay: int | None) -> None:
        bound = structlog.contextvars.get_contextvars().get("correlation_id")
        if bound is not None:
            message.options.setdefault("correlation_id", bound)

    def before_process_message(self, _broker: Broker, message: Any) -> None:
        structlog.contextvars.bind_contextvars(
            correlation_id=message.options.get("correlation_id", message.message_id),
            actor=message.actor_name,
        )

    def after_process_message(
        self,
        _broker: Broker,
        _message: Any,
        *,
        result: Any = None,  # noqa: ARG002 (Dramatiq passes both by name)
        exception: BaseException | None = None,  # noqa: ARG002
    ) -> None:
        structlog.contextvars.clear_contextvars()

    def after_skip_message(self, _broker: Broker, _message: Any) -> None:
        structlog.contextvars.clear_contextvars()


def middleware(startup: Hook, shutdown: Hook, draining: Draining) -> list[Middleware]:
    """Explicit, since Dramatiq's own list opens a port for Prometheus and retries by itself."""
    return [
        AgeLimit(max_age=OLDEST_MESSAGE_MS),
        TimeLimit(time_limit=LONGEST_BATCH_MS),
        CurrentMessage(),
        AsyncIO(),
        draining,
        Resources(startup, shutdown),  # after AsyncIO: it needs the loop
        Correlation(),
    ]


async def _nothing() -> None:
    """A process that only sends has nothing to open."""


def redis_broker(
    redis_url: str,
    *,
    startup: Hook = _nothing,
    shutdown: Hook = _nothing,
    draining: Draining | None = None,
) -> RedisBroker:
    """For a worker, and without the hooks for whoever only sends."""
    client = redis.Redis.from_url(
        redis_url,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        health_check_interval=30,
    )
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=client,
        namespace=NAMESPACE,
        middleware=middleware(startup, shutdown, draining or Draining()),
        heartbeat_timeout=SILENT_WORKER_MS,
        dead_message_ttl=DEAD_MESSAGE_TTL_MS,
        maintenance_chance=MAINTENANCE_PER_MILLION,
    )


def stub_broker(
    *, startup: Hook = _nothing, shutdown: Hook = _nothing, draining: Draining | None = None
) -> StubBroker:
    """The same around a queue in memory."""
    return StubBroker(middleware=middleware(startup, shutdown, draining or Draining()))


def _on_loop(hook: Hook) -> None:
    loop = get_event_loop_thread()
    assert loop is not None  # AsyncIO stands before us in the list
    loop.run_coroutine(hook())
