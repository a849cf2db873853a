"""One supervised process: how it is started, heard, ended."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from rehearsal.embedded.account import Account
from rehearsal.embedded.process import child_options
from wiring.child_log import ChildLog

READ_BYTES = 65_536
DRAIN_TIMEOUT_S = 2.0


async def ready_when_alive(_pid: int) -> bool:
    return True


def nothing_to_prepare() -> None:
    """Most children clean up after themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """What to run. `prepare` runs before every start; `ready` is asked until it says yes.

    `orphan_signal` comes from the kernel if we are killed: nobody is left to insist, so it is
    SIGKILL for all that can take it.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] | None = None
    prepare: Callable[[], None] = nothing_to_prepare
    ready: Callable[[int], Awaitable[bool]] = ready_when_alive
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    account: Account | None = None


class ChildProcess:
    """One life of a child, in a session of its own: what it started dies with it."""

    def __init__(self, process: asyncio.subprocess.Process, log: ChildLog, reading: int) -> None:
        self._process, self._log = process, log
        self._pump = asyncio.create_task(_pump(reading, log))
        self._started = time.monotonic()

    @classmethod
    async def start(cls, child: Child, log: ChildLog) -> "ChildProcess":
        """Raises OSError when the program cannot be run at all."""
        await asyncio.to_thread(child.prepare)
        # A pipe of our own: asyncio's would make wait() wait for grandchildren that hold it.
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *child.argv,
                env=child.env,
                stdout=writing,
                stderr=writing,
                **child_options(child.account, child.orphan_signal),
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        return cls(process, log, reading)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._started

    async def wait(self) -> int:
        """The exit code, or minus the signal; when it returns the whole group is gone."""
        code = await self._process.wait()
        self.kill_group()
        # Only a grandchild that left the group could still hold the pipe: do not wait for it.
        await asyncio.wait([self._pump], timeout=DRAIN_TIMEOUT_S)
        self._pump.cancel()
        self._log.end_of_life()
        return code

    def signal(self, signum: signal.Signals) -> None:
        """To the leader alone: granian and Dramatiq pass it on themselves, once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signum)

    def kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


async def _pump(reading: int, log: ChildLog) -> None:
    file: BinaryIO = os.fdopen(reading, "rb", buffering=0)
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, file)
    try:
        while data := await reader.read(READ_BYTES):
            log.feed(data)
    finally:
        transport.close()


def described(code: int) -> str:
    """An exit code as a person says it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
