"""What processes have used, read from /proc."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

PROC: Final = Path("/proc")
TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(root: int) -> float:
    """User and system time of a process and its living descendants, and of its dead children."""
    return sum(_used(pid) for pid in tree(root))


def tree(root: int) -> list[int]:
    """A process and its living descendants, the oldest first."""
    children: dict[int, list[int]] = {}
    for pid, parent in _processes():
        children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def resident_mb(pid: int) -> float:
    """Megabytes in memory now."""
    return int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE_BYTES / 1e6


def load_average() -> float:
    """Of the last minute: above the number of cores somebody else was working too."""
    return os.getloadavg()[0]


def describe() -> dict[str, Any]:
    """For the JSON: where the figures come from."""
    return {
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average": load_average(),
    }


def _processes() -> Iterator[tuple[int, int]]:
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            yield int(entry.name), int(fields[1])


def _used(pid: int) -> float:
    """Own user and system time, and that of children it has waited for."""
    fields = _stat(pid)
    return sum(int(field) for field in fields[11:15]) * TICK_S if fields else 0.0


def _stat(pid: int) -> list[str]:
    """The fields after the program's name; none if the process is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()
