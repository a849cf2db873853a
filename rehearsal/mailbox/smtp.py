"""SMTP in, on loopback: takes every letter for everybody."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from rehearsal.mail_store import MailStore

LOOPBACK = "127.0.0.1"
MAX_MESSAGE_BYTES = 10_000_000


class Postman:
    """aiosmtpd's handler: what arrives is kept before it is acknowledged."""

    def __init__(self, store: MailStore, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        self._store.keep(envelope.mail_from or "", envelope.rcpt_tos, raw, self._clock())
        return "250 Kept"


async def listen(
    port: int, store: MailStore, clock: Callable[[], datetime]
) -> asyncio.AbstractServer:
    """Serve SMTP on the running loop; close the returned server to stop."""
    loop, postman = asyncio.get_running_loop(), Postman(store, clock)

    def session() -> SMTP:
        return SMTP(
            postman,
            hostname="mailbox.localhost",
            ident="ChargeChase rehearsal mailbox",
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            loop=loop,
        )

    return await loop.create_server(session, LOOPBACK, port)
