"""The double's documents in one SQLite file: written in batches, read back at the start."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

_CREATE = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID
"""
_PUT = "INSERT OR REPLACE INTO documents (kind, id, seq, body) VALUES (?, ?, ?, ?)"


class Journal:
    """One SQLite file; a commit survives a killed process, though not a failing machine."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute(_CREATE)
        self._encode = msgspec.json.Encoder().encode

    def load(self) -> Iterator[dict[str, Any]]:
        """Every document in the order it was created."""
        decode = msgspec.json.Decoder(dict[str, Any]).decode
        rows = self._connection.execute("SELECT body FROM documents ORDER BY seq")
        for (body,) in rows:
            yield decode(body)

    def write(self, changed: list[dict[str, Any]], dropped: list[tuple[str, str]]) -> None:
        """Commit all of it or nothing."""
        encode = self._encode
        self._connection.execute("BEGIN")
        self._connection.executemany(
            _PUT, ((doc["object"], doc["id"], doc["_seq"], encode(doc)) for doc in changed)
        )
        self._connection.executemany("DELETE FROM documents WHERE kind = ? AND id = ?", dropped)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()
