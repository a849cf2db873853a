"""RunChore: a slice of a chore, step by step, until its time is up; the next slice goes on."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from application.errors import Unavailable
from application.ports.chores import Chore, ChoreKind, ChoreQueue, ChoreRef
from application.ports.stores import ConcurrentWrite
from application.work import describe

SLICE_S: Final = 15.0  # a worker that is asked to stop waits a little longer than this
REST: Final = timedelta(seconds=5)  # of real time, between two runs

Errand = Callable[[Chore], Awaitable[Chore]]
"""One step: read slowly, change what must change, save where it got to; the chore as saved."""


class NobodysErrand(Unavailable):
    """No worker of this version does such a chore; it waits for one that does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChore:
    """One at a time of an account, as the queue sees to it."""

    chores: ChoreQueue
    by_kind: Mapping[ChoreKind, Errand]
    seconds: Callable[[], float]  # of a clock that only goes forward
    draining: Callable[[], bool]

    async def __call__(self, ref: ChoreRef) -> None:
        """Raises NobodysErrand."""
        chore = await self.chores.read(ref)
        if chore is None:
            return
        if ref.kind not in self.by_kind:
            raise NobodysErrand(ref.kind)
        goes_on = await self._slice(chore, self.by_kind[ref.kind])
        await self.chores.release(ref, timedelta() if goes_on else REST)

    async def _slice(self, chore: Chore, errand: Errand) -> bool:
        """Whether there is more to do at once."""
        ends_at = self.seconds() + SLICE_S
        try:
            while (chore := await errand(chore)).running:
                if self.seconds() >= ends_at or self.draining():
                    return True
        except ConcurrentWrite:
            pass  # somebody else is at it, or it was stopped
        return False

    async def failed(self, ref: ChoreRef, error: Exception) -> None:
        """The row remembers, and is tried again later."""
        await self.chores.failed(ref, describe(error))
