"""One supervised child over all its lives: when it is started again, and when given up."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from wiring.child import Child, ChildProcess, described
from wiring.child_log import ChildLog, Say

HASTY_GRACE_S = 1.0
LAST_WORDS_CHARS = 200


class RunEnded(Exception):
    """The run cannot go on; the text says why, in one line."""


@dataclass(frozen=True, slots=True)
class RestartRules:
    """When a child is started again. The run ends with the last of `max_deaths_per_minute`."""

    max_deaths_per_minute: int = 5
    first_pause_s: float = 0.2
    longest_pause_s: float = 5.0
    healthy_after_s: float = 30.0


class TendedChild:
    """`begin` gives it life after life until `end`; `given_up` resolves to the reason."""

    def __init__(
        self,
        child: Child,
        log: ChildLog,
        rules: RestartRules,
        say: Say,
        on_start: Callable[[], None],
    ) -> None:
        self._child, self._log, self._rules = child, log, rules
        self._say, self._on_start = say, on_start
        self.given_up: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._process: ChildProcess | None = None
        self._ending = False
        self._deaths: deque[float] = deque(maxlen=rules.max_deaths_per_minute)
        self._pause_s = rules.first_pause_s
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        return self._child.name

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def begin(self) -> None:
        self._task = asyncio.create_task(self._tend())

    async def is_ready(self) -> bool:
        return self._process is not None and await self._child.ready(self._process.pid)

    def no_more_lives(self) -> None:
        self._ending = True

    async def end(self, grace_s: float, hurry: asyncio.Event) -> None:
        """Ask it to stop; kill its group when the grace is over, or soon if somebody hurries."""
        assert self._task is not None
        self._ending = True
        if self._process is None:  # between two lives
            self._task.cancel()
        else:
            self._process.signal(self._child.stop_signal)
            await self._or_kill(self._task, grace_s, hurry)
        await asyncio.wait([self._task])
        self._log.close()

    async def _or_kill(
        self, task: asyncio.Task[None], grace_s: float, hurry: asyncio.Event
    ) -> None:
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait({task, hurried}, timeout=grace_s, return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if hurry.is_set():
            await asyncio.wait([task], timeout=HASTY_GRACE_S)
        if not task.done() and self._process is not None:
            self._say(f"{self.name} did not stop when asked; killed")
            self._process.kill_group()

    async def _tend(self) -> None:
        while not self._ending:
            how = await self._live_once()
            if self._ending or self._is_hopeless(how):
                return
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, self._rules.longest_pause_s)

    async def _live_once(self) -> str:
        """How it ended, in a few words. A program that cannot be started has died, too."""
        try:
            self._process = await ChildProcess.start(self._child, self._log)
        except Exception as error:
            return f"could not be started: {error}"
        self._on_start()
        code = await self._process.wait()
        if self._process.age_s >= self._rules.healthy_after_s:
            self._pause_s = self._rules.first_pause_s
        self._process = None
        last_words = self._log.last_line[:LAST_WORDS_CHARS] if code > 0 else ""
        return described(code) + (f": {last_words}" if last_words else "")

    def _is_hopeless(self, how: str) -> bool:
        """Say the death in one line, and whether it was one too many."""
        self._deaths.append(time.monotonic())
        many = len(self._deaths) == self._deaths.maxlen and self._deaths[-1] - self._deaths[0] < 60
        if many:
            self._say(f"{self.name} died ({how})")
            reason = f"{self.name} died {len(self._deaths)} times within a minute"
            self.given_up.set_result(f"{reason}; its log is {self._log.path}")
        else:
            self._say(f"{self.name} died ({how}); starting it again in {self._pause_s:.1f} s")
        return many
