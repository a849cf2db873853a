"""One thread, one virtual clock: coroutines that are stepped from port to port in a drawn order.

There is no event loop. A port that is awaited yields its name (`at`); the schedule then draws when
its task goes on, and runs whatever comes earlier before it. So any two tasks interleave at any two
ports, and the same seed interleaves them alike.
"""

import contextvars
import heapq
import types
from collections.abc import Callable, Coroutine, Generator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from application.change_case import Change
from domain.invoice import Invoice
from tests.simulation.chance import CALM, Chance, Weather

# A story begins on one of these: the clocks change soon after, or months later. Lord Howe's half
# hour, Europe, New York, the year's end, and a leap day come in the way.
STARTS: Final = tuple(
    datetime(year, month, day, 6, 0, tzinfo=UTC)
    for year, month, day in (
        (2026, 3, 1),
        (2026, 3, 20),
        (2026, 3, 28),
        (2026, 6, 10),
        (2026, 9, 25),
        (2026, 10, 18),
        (2027, 12, 3),
    )
)
HOP_S: Final = 0.3  # between two ports, at most
LONGEST_PAUSE_S: Final = 1_200.0
MOST_STEPS: Final = 500_000

Job = Coroutine[Any, Any, None]


class Crashed(BaseException):
    """The process died here. No code of ours may catch it."""


class Enough(BaseException):
    """The step is reached that somebody wants to stand at."""


class NeverEnds(AssertionError):
    """Faults are over, and still something is always due."""


@types.coroutine
def at(where: str) -> Generator[str, None, None]:
    """An await of a port: others may run before this returns, or it never does."""
    yield where


class Task:
    """One coroutine of one process, and what it has seen so far."""

    def __init__(self, name: str, process: str, job: Job) -> None:
        self.name, self.process, self.job = name, process, job
        self.context = contextvars.copy_context()
        self.seen: Invoice | None = None  # the invoice as it read it last
        self.looked = 0  # the step at which it opened its last transaction
        self.merchant_id: UUID | None = None  # on whose errand it is
        self.change: Change | None = None  # what it asks of a case just now
        self.done = False


class Schedule:
    """The heap of what happens when, and the trace of what did."""

    def __init__(self, chance: Chance, weather: Weather, tell: Callable[[str], None]) -> None:
        self.weather = weather
        self.start = self.now = chance.of("start").choice(STARTS)
        self.until: int | None = None
        self.steps = 0
        self.current: Task | None = None
        self.after_step: Callable[[Task], None] = lambda task: None
        self.on_crash: Callable[[str], None] = lambda process: None
        self._draw, self._faults, self._tell = chance.schedule, chance.faults, tell
        self._heap: list[tuple[datetime, float, int, Callable[[], object]]] = []
        self._pushed = 0
        self._alive: dict[str, list[Task]] = {}
        self._digest = blake2b(digest_size=8)

    def at(self, when: datetime, do: Callable[[], object]) -> None:
        """Do something at an instant; what falls together comes in a drawn order."""
        self._pushed += 1
        heapq.heappush(self._heap, (max(when, self.now), self._draw.random(), self._pushed, do))

    def after(self, seconds: float, do: Callable[[], object]) -> None:
        """Do something later."""
        self.at(self.now + timedelta(seconds=seconds), do)

    def seconds(self) -> float:
        """Since the story began."""
        return (self.now - self.start).total_seconds()

    def spawn(self, name: str, process: str, job: Job) -> None:
        """Begin a coroutine in a process."""
        task = Task(name, process, job)
        self._alive.setdefault(process, []).append(task)
        self.after(0, lambda: self._step(task))

    def run(self) -> None:
        """Until nothing is left to happen."""
        while self._heap:
            self.now, _, _, do = heapq.heappop(self._heap)
            do()

    def calm_down(self) -> None:
        """No fault from here on."""
        self.weather = CALM

    def chance_of(self, share: float) -> bool:
        """True for that share of the asks."""
        return share > 0 and self._faults.random() < share

    def within(self, least: float, most: float) -> float:
        """Some number of seconds, drawn from the faults."""
        return self._faults.uniform(least, most)

    def pick(self, *these: str) -> str:
        """One of these, drawn from the faults."""
        return self._faults.choice(these)

    def kill(self, process: str) -> None:
        """All tasks of a process end where they stand."""
        self.note(f"{process} dies")
        for task in self._alive.pop(process, []):
            if not task.done and task is not self.current:
                self._throw(task)
        self.on_crash(process)

    def close(self) -> None:
        """Let nothing stay suspended."""
        self.current = None
        for task in [task for tasks in self._alive.values() for task in tasks if not task.done]:
            self._throw(task)

    def note(self, line: str) -> None:
        """One line of the trace."""
        self._digest.update(line.encode())
        self._tell(f"{self.steps:6} {self.now:%m-%d %H:%M:%S.%f} {line}")

    @property
    def trace(self) -> str:
        """The hash over every line so far."""
        return self._digest.hexdigest()

    def _step(self, task: Task) -> None:
        if task.done:
            return
        self.steps += 1
        if self.until is not None and self.steps > self.until:
            raise Enough
        if self.steps > MOST_STEPS:
            raise NeverEnds(f"{MOST_STEPS} steps")
        self.current = task
        try:
            where = task.context.run(task.job.send, None)
        except StopIteration:
            self._end(task, "ends")
        except Crashed:
            self._end(task, "crashes")
            self.kill(task.process)
        except BaseException:
            task.done = True
            raise
        else:
            self.note(f"{task.name} {where}")
            self._go_on(task)
        self.after_step(task)
        self.current = None

    def _go_on(self, task: Task) -> None:
        if self.chance_of(self.weather.crash):
            self.after(0, lambda: None if task.done else self.kill(task.process))
            return
        longest = LONGEST_PAUSE_S if self.chance_of(self.weather.pause) else HOP_S
        self.after(self._draw.uniform(0, longest), lambda: self._step(task))

    def _throw(self, task: Task) -> None:
        task.done = True
        try:
            task.context.run(task.job.throw, Crashed())
        except Crashed:
            return
        except StopIteration:
            pass
        raise AssertionError(f"{task.name} survived its process")

    def _end(self, task: Task, how: str) -> None:
        task.done = True
        self.note(f"{task.name} {how}")
        alive = self._alive.get(task.process, [])
        if task in alive:
            alive.remove(task)


def task_of(schedule: Schedule) -> Task:
    """Who is running."""
    assert schedule.current is not None
    return schedule.current


def finish(job: Coroutine[Any, Any, Any]) -> Any:
    """The answer of a coroutine that never waits."""
    try:
        job.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")
