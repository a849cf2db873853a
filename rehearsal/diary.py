"""What the customers mean to do about their mail, and have done: once per thread, kept on disk."""

import sqlite3
import time
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from msgspec import Struct

SCHEMA = """
CREATE TABLE IF NOT EXISTS intents (
    id INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    thread TEXT NOT NULL,
    message_id INTEGER NOT NULL,
    due_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    not_before_wall REAL NOT NULL DEFAULT 0,
    outcome TEXT,
    UNIQUE (recipient, thread)
);
CREATE TABLE IF NOT EXISTS read_up_to (one INTEGER PRIMARY KEY CHECK (one = 1), message_id INTEGER);
INSERT OR IGNORE INTO read_up_to VALUES (1, 0);
"""


class Intent(Struct, frozen=True):
    """A customer will react to this letter; `tries` have failed so far."""

    id: int
    recipient: str
    message_id: int
    tries: int


class Diary:
    """Survives a killed mailbox: an intent without an outcome is taken up again."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def read_up_to(self) -> int:
        """The last letter that has been looked at."""
        return int(self._db.execute("SELECT message_id FROM read_up_to").fetchone()[0])

    def mark_read(self, message_id: int) -> None:
        self._db.execute("UPDATE read_up_to SET message_id = ?", (message_id,))

    def intend(self, recipient: str, thread: str, message_id: int, due_at: datetime) -> None:
        """Nothing happens when this customer already reacted, or will, to the same thread."""
        self._db.execute(
            "INSERT OR IGNORE INTO intents (recipient, thread, message_id, due_at)"
            " VALUES (?, ?, ?, ?)",
            (recipient, thread, message_id, due_at.timestamp()),
        )

    def due(self, now: datetime, limit: int, busy: Collection[int]) -> list[Intent]:
        """Due in virtual time and not waiting (in wall time) for another try; `busy` left out."""
        rows = self._db.execute(
            "SELECT id, recipient, message_id, tries FROM intents"
            " WHERE outcome IS NULL AND due_at <= ? AND not_before_wall <= ?"
            " ORDER BY due_at LIMIT ?",
            (now.timestamp(), time.time(), limit + len(busy)),
        )
        return [Intent(*row) for row in rows if row[0] not in busy][:limit]

    def finish(self, intent: Intent, outcome: str) -> None:
        self._db.execute("UPDATE intents SET outcome = ? WHERE id = ?", (outcome, intent.id))

    def try_again(self, intent: Intent, pause_s: float) -> None:
        self._db.execute(
            "UPDATE intents SET tries = tries + 1, not_before_wall = ? WHERE id = ?",
            (time.time() + pause_s, intent.id),
        )

    def outcomes(self) -> dict[str, str | None]:
        """By recipient, the outcome of the newest intent; None while it waits."""
        return dict(self._db.execute("SELECT recipient, outcome FROM intents ORDER BY id"))
