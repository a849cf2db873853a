"""Whoever plays the policy: an object of this process, or a program over stdin and stdout."""

import json
import os
import select
import subprocess
import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from rehearsal.worlds.protocol import Request

FIRST_ANSWER_S, ANSWER_S, RUN_S = 60.0, 30.0, 3600.0
RESTARTS: Final = 2
CHUNK: Final = 1 << 16


class Policy(Protocol):
    """Answers `decide`, learns from `learn`, in the shapes of the protocol."""

    def answer(self, request: Request) -> dict[str, Any] | None:
        """The answer to a `decide`; what it returns for a `learn` is not looked at."""


class Partner(Protocol):
    """What a game talks to. `cpu_s` is complete once `close` was called."""

    cpu_s: float

    def ask(self, request: Request) -> Any:
        """The answer, whatever it is; None when there was none in time."""

    def tell(self, request: Request) -> None:
        """A line without an answer."""

    def close(self) -> None:
        """No more lines will come."""


class InProcess:
    """A policy object. Its exceptions are not caught: they are bugs to see."""

    def __init__(self, policy: Policy) -> None:
        self._policy, self.cpu_s = policy, 0.0

    def ask(self, request: Request) -> Any:
        began = time.process_time()
        answer = self._policy.answer(request)
        self.cpu_s += time.process_time() - began
        return answer

    def tell(self, request: Request) -> None:
        self.ask(request)

    def close(self) -> None:
        """Nothing is open."""


class ChildProcess:
    """A program: one JSON object a line each way. Restarted twice at most, then silent."""

    def __init__(self, command: Sequence[str], *, first_s: float = FIRST_ANSWER_S,
                 answer_s: float = ANSWER_S) -> None:  # fmt: skip
        self._command, self._first_s, self._answer_s = list(command), first_s, answer_s
        self.cpu_s, self._starts, self._ends_at = 0.0, 0, time.monotonic() + RUN_S
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""
        self._answered = False

    def ask(self, request: Request) -> Any:
        limit = self._answer_s if self._answered else self._first_s
        line = self._exchange(request, limit, wants_answer=True)
        if line is None:
            self._end()
            return None
        self._answered = True
        try:
            return json.loads(line)
        except ValueError:
            return None

    def tell(self, request: Request) -> None:
        if self._exchange(request, self._answer_s, wants_answer=False) is None:
            self._end()

    def close(self) -> None:
        """End of input; a program that stays longer than an answer may take is ended."""
        self._end()

    def _exchange(self, request: Request, limit: float, *, wants_answer: bool) -> bytes | None:
        """The line that came back, b"" where none is wanted, None when the time was up."""
        process = self._running()
        if process is None or process.stdin is None or process.stdout is None:
            return None
        until = min(time.monotonic() + limit, self._ends_at)
        left = memoryview(msgspec.json.encode(request) + b"\n")
        came, goes = process.stdout.fileno(), process.stdin.fileno()
        while left or (wants_answer and b"\n" not in self._rest):
            ready = select.select(
                [came], [goes] if left else [], [], max(0.0, until - time.monotonic())
            )
            if time.monotonic() >= until or not (ready[0] or ready[1]):
                return None
            if ready[1]:
                written = _write(goes, left)
                if written is None:
                    return None
                left = left[written:]
            if ready[0] and not self._read(came):
                return None
        if not wants_answer:
            return b""
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _read(self, came: int) -> bool:
        chunk = os.read(came, CHUNK)
        self._rest += chunk
        return bool(chunk)

    def _running(self) -> subprocess.Popen[bytes] | None:
        if self._process is None and self._starts <= RESTARTS and time.monotonic() < self._ends_at:
            self._starts += 1
            self._rest, self._answered = b"", False
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
            assert self._process.stdin is not None
            os.set_blocking(self._process.stdin.fileno(), False)
        return self._process

    def _end(self) -> None:
        """Close its input, wait, and keep what it used."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        until = time.monotonic() + min(5.0, self._answer_s)
        while (used := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() >= until:
                process.kill()
            time.sleep(0.005)
        process.returncode = os.waitstatus_to_exitcode(used[1])
        process.stdout.close()
        self.cpu_s += used[2].ru_utime + used[2].ru_stime


def partner_of(policy: Policy | Sequence[str]) -> Partner:
    """A command line is started; anything else is asked directly."""
    if hasattr(policy, "answer"):
        return InProcess(policy)
    return ChildProcess([str(part) for part in policy])


def _write(goes: int, left: memoryview) -> int | None:
    try:
        return os.write(goes, left[:CHUNK])
    except BrokenPipeError:
        return None
