"""Letters as they leave for the mail server, and what a mail program makes of them."""

import email
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from functools import cached_property
from typing import Any, Final, cast

from adapters.email.mailer import SmtpMailer
from application.ports.mailer import Handed, Letter, MailRefused
from tests.adapters.test_email_mailer import a_letter
from tests.web.injected.seen import ARITHMETIC, UNSEEN, page_of

NOW: Final = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# A line that ends as no line of a letter does, or is longer than a server takes (RFC 5321, 4.5.3).
BARE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n|[^\r\n]{999}|[\x00\x80-\xff]")


class Post(SmtpMailer):
    """The mailer up to the server's door."""

    def __init__(self) -> None:
        super().__init__("smtp://127.0.0.1:1", "ChargeChase <mail@chase.example>", lambda: NOW)
        self.to, self.raw = "", b""

    async def _handed_over(self, to: str, raw: bytes) -> None:
        self.to, self.raw = to, raw


class Mail:
    """A letter as it was received."""

    def __init__(self, to: str, raw: bytes) -> None:
        self.to, self.raw = to, raw
        self.message = cast("EmailMessage", email.message_from_bytes(raw, policy=default))

    @cached_property
    def built(self) -> tuple[Any, ...]:
        """Its headers and parts, in their order, its elements, and how many lines its text has."""
        parts = tuple((part.get_content_type(), *part.keys()) for part in self.message.walk())
        lines = self.body("plain").count("\n")
        return tuple(self.message.keys()), parts, page_of(self.body("html")).kinds, lines

    def body(self, kind: str) -> str:
        """One of its texts."""
        part = self.message.get_body((kind,))
        assert isinstance(part, EmailMessage)
        return str(part.get_content())

    def faults(self) -> Iterator[str]:
        """What no letter of ours has, whatever is in it."""
        if found := BARE.search(self.raw):
            yield f"bytes {self.raw[max(found.start() - 30, 0) : found.end()]!r}"
        if re.search(r"[\x00-\x20\x7f<>,;]", self.to):
            yield f"goes to {self.to!r}"
        for name, value in self.message.items():
            if CONTROL.search(str(value)) or UNSEEN.search(str(value).replace("\u2060", "")):
                yield f"{name}: {str(value)!r}"
        for name in ("From", "To", "Reply-To"):
            header = self.message[name]
            if header is not None and len(header.addresses) != 1:
                yield f"{name} has {len(header.addresses)} addresses"
        if ARITHMETIC.search(str(self.message["Subject"])):
            yield "it has counted"


async def posted(**changes: Any) -> Mail | None:
    """A letter like any other but for these; None if it is refused."""
    post = Post()
    try:
        assert await post.send(cast("Letter", a_letter(**changes))) is Handed.TAKEN
    except MailRefused:
        return None
    return Mail(post.to, post.raw)
