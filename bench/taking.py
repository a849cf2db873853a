"""`python -m bench.taking REDIS_URL`: a worker as it ships, whose jobs only count."""

import signal
import sys
import threading
from typing import Any, Final

import redis

from adapters.jobs.actors import declare_actors
from adapters.jobs.broker import redis_broker
from adapters.jobs.worker import run_worker

TAKEN: Final = "bench:taken"
WORKERS: Final = "bench:workers"
THREADS: Final = 8  # as the worker process has


def main() -> None:
    counter = redis.Redis.from_url(sys.argv[1])
    broker = redis_broker(sys.argv[1])

    async def take(refs: tuple[Any, ...]) -> None:
        counter.incrby(TAKEN, len(refs))

    declare_actors(broker, handle_events=take, run_actions=take, run_chores=take)
    stop = run_worker(broker, THREADS)
    counter.incr(WORKERS)
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    asked.wait()
    stop()


if __name__ == "__main__":
    main()
