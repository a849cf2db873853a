"""DispatchDue: claim what is due and tell the workers; nothing is done here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.chores import ChoreQueue
from application.ports.conveyor import ActionQueue, Inbox, JobQueue
from application.shaping import Shaper

BATCH = 100  # references in one message
CLAIM = 500  # rows in one claim
MOST_CHORES = 20  # rung in one round
MOST_WAITING = 50  # batches no worker has taken up: more would only age in the queue


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchDue:
    """One round. A round is skipped while workers are behind, so that leases do not run out."""

    inbox: Inbox
    actions: ActionQueue
    chores: ChoreQueue
    jobs: JobQueue
    shaper: Shaper
    clock: Callable[[], datetime]
    count: Callable[[str, int], None]  # handed over: events, actions or chores; how many
    lease: timedelta

    async def __call__(self) -> int:
        """How many rows were handed on."""
        if await self.jobs.waiting() >= MOST_WAITING:
            return 0
        return await self._events() + await self._actions() + await self._chores()

    async def _events(self) -> int:
        refs = await self.inbox.claim(CLAIM, self.lease)
        for start in range(0, len(refs), BATCH):
            await self.jobs.send_events(refs[start : start + BATCH])
        self.count("events", len(refs))
        return len(refs)

    async def _actions(self) -> int:
        due = await self.actions.claim(self.clock(), CLAIM, self.lease)
        ready, waits = self.shaper.shape(due)
        if waits:
            await self.actions.postpone(waits)
        for start in range(0, len(ready), BATCH):
            await self.jobs.send_actions(ready[start : start + BATCH])
        self.count("actions", len(ready))
        return len(ready)

    async def _chores(self) -> int:
        refs = await self.chores.claim(self.clock(), MOST_CHORES, self.lease)
        await self.jobs.send_chores(refs)
        self.count("chores", len(refs))
        return len(refs)
