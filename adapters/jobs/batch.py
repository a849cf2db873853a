"""Working through one batch of references: a few at a time, each on its own."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

import structlog

Ref = TypeVar("Ref", bound=Hashable)

_log = structlog.get_logger()


def _never() -> bool:
    """The default of `draining`: nobody asks us to stop."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWork(Generic[Ref]):
    """How references of one kind are worked through.

    `do` handles one; what it raises goes to `failed` and stops no other. `renew` prolongs leases.
    `name` gives a reference's correlation id. `draining` turns true when the worker is to stop.
    """

    do: Callable[[Ref], Awaitable[None]]
    failed: Callable[[Ref, Exception], Awaitable[None]]
    renew: Callable[[tuple[Ref, ...], timedelta], Awaitable[None]]
    name: Callable[[Ref], str]
    concurrency: int
    lease: timedelta
    draining: Callable[[], bool] = _never

    async def __call__(self, refs: tuple[Ref, ...]) -> None:
        """Return when every reference was handled or has failed; when draining, as soon as what
        was begun has ended, and the rest is free for the next claim."""
        waiting, unfinished = deque(refs), dict.fromkeys(refs)
        renewing = asyncio.create_task(self._keep_leases(unfinished))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.concurrency, len(refs))):
                    group.create_task(self._work(waiting, unfinished))
        finally:
            renewing.cancel()
        if waiting:
            await self._lease_for(tuple(waiting), timedelta())

    async def _work(self, waiting: deque[Ref], unfinished: dict[Ref, None]) -> None:
        while waiting and not self.draining():
            ref = waiting.popleft()
            error = await self._one(ref)
            unfinished.pop(ref, None)  # a renewal must not undo the back-off of a failure
            if error is not None:
                await self._report(ref, error)

    async def _one(self, ref: Ref) -> Exception | None:
        structlog.contextvars.bind_contextvars(correlation_id=self.name(ref))
        try:
            await self.do(ref)
        except Exception as error:
            _log.exception("job_failed")
            return error
        return None

    async def _report(self, ref: Ref, error: Exception) -> None:
        try:
            await self.failed(ref, error)
        except Exception:
            _log.exception("job_failure_unreported")  # the lease will end and the row ring again

    async def _keep_leases(self, unfinished: dict[Ref, None]) -> None:
        """Renew at once, since a batch may have waited long, and then every third of a lease."""
        while True:
            await self._lease_for(tuple(unfinished), self.lease)
            await asyncio.sleep(self.lease.total_seconds() / 3)

    async def _lease_for(self, refs: tuple[Ref, ...], lease: timedelta) -> None:
        try:
            await self.renew(refs, lease)
        except Exception:
            _log.exception("lease_not_renewed")
