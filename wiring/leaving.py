"""How a process with threads ends: begun work gets its chance, and then the process leaves."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import structlog

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
LEAVE_WITHIN_S: Final = 24.0
SAME_PRESS_S: Final = 0.5  # one Ctrl-C may arrive twice: from the terminal and from a parent
SAY_WITHIN_S: Final = 0.5  # a log that nobody reads must not keep us
LOOKED_AT_EVERY_S: Final = 0.1
UNFINISHED: Final = 1

T = TypeVar("T")
_log = structlog.get_logger()


class Leaving:
    """Asked by SIGTERM or SIGINT. Whatever hangs, the process is gone `within_s` later, and at
    once when it is asked again.

    Make it in the main thread, before any other thread starts: all inherit the blocked signals,
    and one thread of ours takes them, so that no lock is ever held by whom a signal interrupts.
    """

    def __init__(
        self, within_s: float = LEAVE_WITHIN_S, leave: Callable[[int], object] = os._exit
    ) -> None:
        self._within_s, self._leave = within_s, leave
        self._asked = threading.Event()
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        threading.Thread(target=self._listen, daemon=True, name="leaving").start()

    def is_asked(self) -> bool:
        return self._asked.is_set()

    def wait(self) -> None:
        """Return when somebody asked."""
        self._asked.wait()

    async def unless_asked(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What `work` comes to; None if we are asked to leave first, and then it is cancelled."""
        task = asyncio.create_task(work)
        while not self.is_asked():
            await asyncio.wait({task}, timeout=LOOKED_AT_EVERY_S)
            if task.done():
                return task.result()
        task.cancel()
        await asyncio.wait({task})
        return None

    def _listen(self) -> None:
        signal.sigwait(SIGNALS)
        asked_at = time.monotonic()
        self._asked.set()
        deadline = threading.Timer(self._within_s, self._go, ("took_too_long",))
        deadline.daemon = True
        deadline.start()
        while True:
            signal.sigwait(SIGNALS)
            if time.monotonic() - asked_at > SAME_PRESS_S:
                self._go("asked_twice")

    def _go(self, reason: str) -> None:
        """Rows of unfinished work ring again when their leases end."""
        say = threading.Thread(
            target=_log.warning, args=("left_unfinished",), kwargs={"reason": reason}, daemon=True
        )
        say.start()
        say.join(SAY_WITHIN_S)
        self._leave(UNFINISHED)
