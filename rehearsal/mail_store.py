"""Every mail of the rehearsal, in one SQLite file: nothing here ever leaves the machine."""

import sqlite3
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from typing import cast
from uuid import uuid4

from msgspec import Struct

MAX_MESSAGES = 20_000
SNIPPET_CHARS = 120

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at REAL NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    snippet TEXT NOT NULL,
    thread TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_recipient ON messages (recipient, id);
"""
COLUMNS = "id, received_at, sender, recipient, subject, snippet, thread"
INSERT = """
INSERT INTO messages (received_at, sender, recipient, subject, snippet, thread, raw)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""


class MailSummary(Struct, frozen=True):
    """A line of the list. `received_at` is virtual time; `thread` joins a letter to its sequels."""

    id: int
    received_at: datetime
    sender: str
    recipient: str
    subject: str
    snippet: str
    thread: str

    @property
    def is_text(self) -> bool:
        """A text message and no letter: it went to a number."""
        return self.recipient.startswith("+")


class Mail(Struct, frozen=True):
    """One letter, opened; a body that is not there is empty."""

    summary: MailSummary
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


class MailStore:
    """Keeps the newest letters; calls take well under a millisecond."""

    def __init__(self, file: Path, keep_newest: int = MAX_MESSAGES) -> None:
        self._keep_newest = keep_newest
        file.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    def keep(self, sender: str, recipients: list[str], raw: bytes, received_at: datetime) -> None:
        """One row per recipient: everybody has a mailbox of their own."""
        mail = _parsed(raw)
        subject, snippet = _header(mail, "Subject"), _snippet(mail)
        sender = _header(mail, "From") or sender
        for recipient in recipients:
            address = recipient.lower()
            row = (received_at.timestamp(), sender, address, subject, snippet, _thread(mail), raw)
            self._db.execute(INSERT, row)
        self._db.execute(
            "DELETE FROM messages WHERE id <= (SELECT max(id) FROM messages) - ?",
            (self._keep_newest,),
        )

    def keep_text(self, sender: str, number: str, words: str, received_at: datetime) -> None:
        """A text message, beside the letters; each is a thread of its own."""
        text = EmailMessage(policy=modern)
        text["From"], text["To"] = sender, number
        text["Message-ID"] = f"<{uuid4().hex}@texts.rehearsal>"
        text.set_content(words)
        self.keep(sender, [number], text.as_bytes(), received_at)

    def count(self, to: str = "") -> int:
        row = self._db.execute(
            "SELECT count(*) FROM messages WHERE instr(recipient, ?)", (to.lower(),)
        ).fetchone()
        return int(row[0])

    def newest(self, limit: int, to: str = "", before: int | None = None) -> list[MailSummary]:
        """Newest first; `to` is any part of the recipient's address."""
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM messages WHERE instr(recipient, ?) AND id < ?"  # noqa: S608
            " ORDER BY id DESC LIMIT ?",
            (to.lower(), before or 2**62, limit),
        )
        return [_summary(row) for row in rows]

    def after(self, message_id: int, limit: int, to: str = "") -> list[MailSummary]:
        """Oldest first, those that came after a message; `to` is a whole address, or empty."""
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM messages"  # noqa: S608
            " WHERE id > ?1 AND (?2 = '' OR recipient = ?2) ORDER BY id LIMIT ?3",
            (message_id, to.lower(), limit),
        )
        return [_summary(row) for row in rows]

    def open(self, message_id: int) -> Mail | None:
        row = self._db.execute(
            f"SELECT {COLUMNS}, raw FROM messages WHERE id = ?",  # noqa: S608
            (message_id,),
        ).fetchone()
        if row is None:
            return None
        mail = _parsed(row[-1])
        headers = tuple((name, str(value)) for name, value in mail.items())
        return Mail(_summary(row), headers, _body(mail, "plain"), _body(mail, "html"))


def _summary(row: tuple[object, ...]) -> MailSummary:
    identity, received_at, *texts = row[:7]
    at = datetime.fromtimestamp(cast("float", received_at), UTC)
    return MailSummary(cast("int", identity), at, *(str(text) for text in texts))


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=modern)


def _header(mail: EmailMessage, name: str) -> str:
    """The parser defers its complaints to the reading: a broken header reads as empty."""
    try:
        return " ".join(str(mail.get(name, "")).split())
    except Exception:  # the parser raises a dozen kinds on hostile headers
        return ""


def _thread(mail: EmailMessage) -> str:
    """The letter that began it all, as RFC 5322 threads it; without ids, the letter itself."""
    references = _header(mail, "References").split() or _header(mail, "In-Reply-To").split()
    return references[0] if references else _header(mail, "Message-ID")


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    try:
        return data.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:  # a charset nobody has heard of
        return data.decode(errors="replace")


def _snippet(mail: EmailMessage) -> str:
    return " ".join(_body(mail, "plain").split())[:SNIPPET_CHARS]
