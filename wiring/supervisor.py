"""Keeps a handful of processes running: starts them in order, again when they die, ends them all.

The rules: a child that dies is started anew after 0.2 s, doubling to 5 s, and is trusted again
after 30 s of health; too many deaths of one child within a minute end the whole run. Children
are stopped one after the other, the youngest first, each asked kindly and then not.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wiring.child import Child, ChildProcess, described
from wiring.child_log import ChildLog, Say
from wiring.tending import RestartRules, RunEnded, TendedChild

GRACE_S = 20.0
READY_TIMEOUT_S = 90.0
READY_POLL_S = 0.02
SAME_PRESS_S = 0.5  # one Ctrl-C may arrive twice: from the terminal and from `make`


class Supervisor:
    """`start` children in order, `wait` for the end, `stop` everything."""

    def __init__(
        self,
        *,
        logs: Path,
        say: Say,
        on_pids: Callable[[Mapping[str, int]], None],
        rules: RestartRules,
        grace_s: float = GRACE_S,
    ) -> None:
        self._logs, self._say, self._on_pids, self._grace_s = logs, say, on_pids, grace_s
        self._rules = rules
        self._children: list[TendedChild] = []
        self._asked, self._hurry = asyncio.Event(), asyncio.Event()
        self._asked_at = 0.0

    async def start(self, child: Child) -> None:
        """Return when the child is ready; RunEnded when it does not get there."""
        log = ChildLog(child.name, self._logs, self._say)
        tended = TendedChild(child, log, self._rules, self._say, self._report_pids)
        self._children.append(tended)
        tended.begin()
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not await tended.is_ready():
            if tended.given_up.done():
                raise RunEnded(tended.given_up.result())
            if time.monotonic() > deadline:
                raise RunEnded(f"{child.name} was not ready after {READY_TIMEOUT_S:.0f} s")
            await asyncio.sleep(READY_POLL_S)

    async def run_to_end(self, child: Child) -> None:
        """Run something once, such as a migration; RunEnded unless it ends well."""
        log = ChildLog(child.name, self._logs, self._say)
        process = await ChildProcess.start(child, log)
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            process.kill_group()
            await process.wait()
            raise
        finally:
            log.close()
        if code != 0:
            raise RunEnded(f"{child.name} failed ({described(code)}): {log.last_line}")

    def ask_to_stop(self) -> None:
        """What a signal does: the first begins an orderly stop, the second hastens it."""
        now = time.monotonic()
        if not self._asked.is_set():
            self._asked_at = now
            self._asked.set()
        elif now - self._asked_at > SAME_PRESS_S:
            self._hurry.set()

    async def asked_to_stop(self) -> None:
        """Return when somebody asked."""
        await self._asked.wait()

    async def wait(self) -> None:
        """Return when asked to stop; RunEnded when a child keeps dying."""
        asked = asyncio.create_task(self.asked_to_stop())
        given_up = [child.given_up for child in self._children]
        ends: list[asyncio.Future[Any]] = [asked, *given_up]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        for reason in given_up:
            if reason.done():
                raise RunEnded(reason.result())

    async def stop(self) -> None:
        """End every child, the last started first; nothing of theirs runs when it returns."""
        for child in self._children:
            child.no_more_lives()
        while self._children:
            await self._children.pop().end(self._grace_s, self._hurry)

    def _report_pids(self) -> None:
        self._on_pids({c.name: c.pid for c in self._children if c.pid is not None})
