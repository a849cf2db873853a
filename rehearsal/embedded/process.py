"""Running a server program as a direct child that does not outlive its parent."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.embedded.account import Account, EmbeddedError

PR_SET_PDEATHSIG = 1
READY_TIMEOUT_S = 60.0  # crash recovery after a kill may replay a gigabyte of log
STOP_TIMEOUT_S = 10.0

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What it takes to run one server; `prepare` runs before each start, also before a restart."""

    name: str
    argv: tuple[str, ...]
    prepare: Callable[[], None]
    is_ready: Callable[[int], bool]
    stop_signal: signal.Signals = signal.SIGTERM
    account: Account | None = None


def die_with_parent(signum: int) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends `signum` when the parent dies (Linux only).

    Popen changes the user before it calls this, as it must: a change of user forgets the wish.
    """
    if _libc is None:
        return None
    prctl, parent = _libc.prctl, os.getpid()

    def ask_the_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(signum))
        if os.getppid() != parent:  # it died between fork and the wish
            os._exit(1)

    return ask_the_kernel


def run_as(account: Account | None) -> dict[str, Any]:
    """Options for `Popen`: none for the current user."""
    if account is None:
        return {}
    # The current folder may be closed to the other user.
    return {"user": account.uid, "group": account.gid, "extra_groups": [], "cwd": "/"}


def child_options(account: Account | None, parent_death: int) -> dict[str, Any]:
    """Options for `Popen` and asyncio alike: own session, other user, dying with the parent."""
    return {
        "start_new_session": True,  # the terminal's Ctrl-C is the supervisor's alone
        "preexec_fn": die_with_parent(parent_death),
        "stdin": subprocess.DEVNULL,
        **run_as(account),
    }


def start(server: Server, log_file: Path) -> subprocess.Popen[bytes]:
    """Start and wait until ready; EmbeddedError with the log's last line if it dies first."""
    server.prepare()
    log_file.parent.mkdir(parents=True, exist_ok=True)
    options = child_options(server.account, server.stop_signal)
    try:
        with log_file.open("ab") as log:
            process = subprocess.Popen(server.argv, stdout=log, stderr=log, **options)
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedError(f"Cannot run {server.name}: {error}.") from error
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not server.is_ready(process.pid):
        if process.poll() is not None or time.monotonic() > deadline:
            stop(process, signal.SIGKILL)
            raise EmbeddedError(f"{server.name} did not start: {_last_line(log_file)}")
        time.sleep(0.01)
    return process


def stop(process: subprocess.Popen[bytes], signum: int) -> None:
    """End the process and wait for it; SIGKILL after STOP_TIMEOUT_S."""
    if process.poll() is not None:
        return
    process.send_signal(signum)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_line(log_file: Path) -> str:
    lines = log_file.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
