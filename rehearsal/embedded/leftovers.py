"""What a killed Postgres leaves behind: its orphans, and a pid file that names somebody else."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

GRACE_S = 10.0


def end_leftovers(data: Path) -> None:
    """After this no process works in the data folder, and no file says one does.

    Postgres would refuse to start if the pid in a stale file had been given to any other
    process of ours meanwhile, which in a container is likely.
    """
    deadline = time.monotonic() + GRACE_S
    _signal_all(heads(_processes(data)), signal.SIGINT)
    while pids := _processes(data):
        if time.monotonic() > deadline:
            _signal_all(pids, signal.SIGKILL)
        time.sleep(0.02)
    (data / "postmaster.pid").unlink(missing_ok=True)


def heads(pids: list[int]) -> list[int]:
    """Those that none of the others began. A postmaster ends its children itself; one that is
    interrupted while it still begins would count as a crash and spoil the orderly shutdown."""
    return [pid for pid in pids if _parent(pid) not in pids]


def _parent(pid: int) -> int | None:
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except OSError:  # gone, or a machine without /proc
        return None
    return int(after_name.split()[1])


def _processes(data: Path) -> list[int]:
    """Every process of Postgres has the data folder as its working folder."""
    proc = Path("/proc")
    if not (proc / "self" / "cwd").exists():
        return _postmaster_by_ps(data)
    return [int(p.name) for p in proc.iterdir() if p.name.isdigit() and _works_in(p, data)]


def _works_in(process: Path, data: Path) -> bool:
    try:
        return (process / "cwd").readlink() == data
    except OSError:  # gone, or not ours to see
        return False


def _postmaster_by_ps(data: Path) -> list[int]:
    try:
        pid = (data / "postmaster.pid").read_text().split()[0]
    except (OSError, IndexError):
        return []
    listed = subprocess.run(
        ["ps", "-o", "command=", "-p", pid], check=False, capture_output=True, text=True
    )
    return [int(pid)] if str(data) in listed.stdout else []


def _signal_all(pids: list[int], signum: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)
