"""The database's wall time, kept by each process: one clock for all, however wrong their own."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

SLOW_S: Final = 1.0  # an answer that took longer leaves too much open to begin with
MOST_ASKS: Final = 5  # of a database that is always slow; then its last answer must do


def since_boot() -> float:
    """Seconds that pass evenly, a suspended machine's too where its system counts them.

    Nobody can set this clock: when somebody corrects the machine's time, it does not jump.
    """
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


def _unheard(_off_s: float) -> None:
    """The default of `told`: nobody listens."""


class DatabaseTime:
    """What the database's clock shows now, reckoned from its answers and what has passed since.

    `wall` is the machine's own Unix time, believed until the first answer and never after it;
    `passed` a clock that does not jump; `told` hears after each answer by how many seconds the
    machine is ahead of the database.
    """

    def __init__(
        self,
        *,
        wall: Callable[[], float] = time.time,
        passed: Callable[[], float] = since_boot,
        told: Callable[[float], None] = _unheard,
    ) -> None:
        self._wall, self._passed, self._told = wall, passed, told
        self._ahead: float | None = None  # of `passed`, in seconds

    def time(self) -> float:
        """The Unix time in seconds."""
        return self._wall() if self._ahead is None else self._passed() + self._ahead

    async def ask(self, question: Callable[[], Awaitable[datetime]]) -> None:
        """Learn from `question`, a statement that answers with clock_timestamp().

        The first answer must be quick, or the question is put again: it may do so, and must not
        mind. Raises what `question` raises.
        """
        for _ in range(MOST_ASKS):
            asked = self._passed()
            said = await question()
            answered = self._passed()
            if self._ahead is not None or answered - asked <= SLOW_S:
                break
        self._learn(said.timestamp(), asked, answered)

    def _learn(self, said: float, asked: float, answered: float) -> None:
        """The database read its clock at some instant between the question and its answer: what
        was believed stays if it fits, and is moved to the nearest time that does if not. So a slow
        answer spoils nothing, and a right clock is left alone.
        """
        machine = self._wall() - self._passed()
        believed = machine if self._ahead is None else self._ahead
        self._ahead = min(max(believed, said - answered), said - asked)
        self._told(machine - self._ahead)
