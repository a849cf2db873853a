"""What a child says: all of it into its log file, warnings and errors also to the terminal."""

import json
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

MAX_FILE_BYTES = 20_000_000  # one older file is kept beside it
MAX_LINE_BYTES = 65_536
LOUD_LEVELS = frozenset({"warning", "error", "critical"})
LOUD_LINES = 5
MAX_TOLD_CHARS = 200
LOUD_WINDOW_S = 10.0

Say = Callable[[str], None]


class ChildLog:
    """One child's log over all its lives."""

    def __init__(self, name: str, folder: Path, say: Say) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{name}.log"
        self.last_line = ""
        self._name, self._say = name, say
        self._file: BinaryIO = self.path.open("ab")
        self._partial = b""
        self._loud: deque[float] = deque(maxlen=LOUD_LINES)

    def feed(self, data: bytes) -> None:
        """Take bytes as they come from the pipe; lines end where they end."""
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > MAX_LINE_BYTES:
            lines, self._partial = [*lines, self._partial], b""
        for line in lines:
            self._take(line)

    def end_of_life(self) -> None:
        """The child is gone: its last words may lack a newline."""
        if self._partial:
            self._take(self._partial)
            self._partial = b""

    def close(self) -> None:
        self._file.close()

    def _take(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self._file.flush()
        if self._file.tell() > MAX_FILE_BYTES:
            self._rotate()
        text = line.decode(errors="replace").strip()
        if text:
            self.last_line = text
            self._repeat_if_loud(text)

    def _rotate(self) -> None:
        self._file.close()
        self.path.replace(self.path.with_suffix(".log.1"))
        self._file = self.path.open("ab")

    def _repeat_if_loud(self, text: str) -> None:
        """A child in trouble says the same thing a hundred times; the terminal hears five."""
        message = _loud_message(text)
        if message is None:
            return
        now = time.monotonic()
        full = len(self._loud) == LOUD_LINES
        if full and now - self._loud[0] < LOUD_WINDOW_S:
            return
        self._loud.append(now)
        self._say(f"{self._name:10} | {message}")


def _loud_message(text: str) -> str | None:
    if not text.startswith("{"):
        return None
    try:
        record = json.loads(text)
    except ValueError:
        return None
    level = str(record.get("level", "")).lower()
    if level not in LOUD_LEVELS:
        return None
    event, error = str(record.get("event", text)), record.get("error")
    first_line = event.partition("\n")[0][:MAX_TOLD_CHARS]  # the log file has the rest
    return f"{level}: {first_line}" + (f" ({error})" if error else "")
