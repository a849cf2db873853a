"""Connections to one mail server, kept open between letters: few, not for long, not for ever."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from aiosmtplib.protocol import normalize_message_line_endings
from msgspec import Struct

BEGIN: Final = b"DATA"
GO_ON: Final = 354
TAKEN: Final = 250
LATER: Final = 421  # the one answer after which the server hangs up. Source: RFC 5321, 3.8


class Bounds(Struct, frozen=True, kw_only=True):
    """How many connections, and how long each is used."""

    most: int = 6  # at once; services allow ten or more
    idle_s: float = 25.0  # servers hang up after 30 s or more
    letters: int = 100  # for each; many servers allow no more
    timeout_s: float = 15.0
    # After the last dot the server does its work before it answers, and who asks again sends a
    # letter twice. Source: RFC 5321, 4.5.3.2.6, which would wait ten minutes.
    verdict_s: float = 60.0


class Unanswered(Exception):
    """The text was handed over, and the server never said what became of it."""


class HungUp(Exception):
    """The connection was dead before anything of the text was sent."""


class Connection:
    """One, and what it was used for."""

    def __init__(self, smtp: SMTP, bounds: Bounds) -> None:
        self._smtp, self._bounds = smtp, bounds
        self.letters = 0
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        return self._smtp.is_connected

    async def carry(self, sender: str, to: str, raw: bytes) -> None:
        """One letter. Raises HungUp, or what the server refused, or Unanswered."""
        self.letters += 1
        try:
            await self._smtp.mail(sender)
            await self._smtp.rcpt(to)
            answer = await self._smtp.execute_command(BEGIN)
        except SMTPServerDisconnected as gone:
            raise HungUp from gone
        if answer.code != GO_ON:
            raise SMTPDataError(answer.code, answer.message)
        await self._text(raw)

    async def _text(self, raw: bytes) -> None:
        """From the first byte on, silence is not a no."""
        protocol = self._smtp.protocol
        if protocol is None or not protocol.is_connected:
            raise HungUp
        try:
            protocol.write(_dotted(raw))
            answer = await protocol.read_response(timeout=self._bounds.verdict_s)
        except (SMTPException, OSError) as silence:
            self._smtp.close()
            raise Unanswered from silence
        if answer.code == LATER:
            self._smtp.close()
        if answer.code != TAKEN:
            raise SMTPDataError(answer.code, answer.message)

    async def forget(self) -> None:
        """After a refusal: the next letter begins anew."""
        if self.is_open:
            try:
                await self._smtp.rset()
            except (SMTPException, OSError):
                self._smtp.close()

    def abandon(self) -> None:
        """Nobody knows what state it is in."""
        self._smtp.close()

    async def leave(self) -> None:
        """Say goodbye; not for long."""
        with contextlib.suppress(SMTPException, OSError):
            await self._smtp.quit(timeout=self._bounds.timeout_s)
        self._smtp.close()


class Connections:
    """Lends connections. The one that was used last goes first, so that the others grow old."""

    def __init__(
        self,
        server: dict[str, Any],
        bounds: Bounds,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = {**server, "timeout": bounds.timeout_s}
        self._bounds, self._monotonic = bounds, monotonic
        self._room = asyncio.Semaphore(bounds.most)
        self._idle: list[Connection] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._look: asyncio.TimerHandle | None = None
        self.opened = 0  # so far

    @contextlib.asynccontextmanager
    async def one(self, *, new: bool = False) -> AsyncIterator[Connection]:
        """Lent for one letter; waits until there is one. `new` takes none that was used before.
        Raises what stands in the way of a connection."""
        async with self._room:
            connection = (None if new else self._rested()) or await self._open()
            try:
                yield connection
            except (SMTPRecipientRefused, SMTPSenderRefused, SMTPDataError):
                await connection.forget()
                raise
            except BaseException:
                connection.abandon()
                raise
            finally:
                self._take_back(connection)

    async def close(self) -> None:
        """All that are idle."""
        if self._look is not None:
            self._look.cancel()
        while self._idle:
            self._see_off(self._idle.pop())
        if self._leaving:
            await asyncio.wait(self._leaving)

    def _rested(self) -> Connection | None:
        """One that is open still and has not been idle for too long."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and not self._is_old(connection):
                return connection
            self._see_off(connection)
        return None

    def _is_old(self, connection: Connection) -> bool:
        return self._monotonic() - connection.idle_since >= self._bounds.idle_s

    async def _open(self) -> Connection:
        smtp = SMTP(**self._server)
        await smtp.connect()
        self.opened += 1
        return Connection(smtp, self._bounds)

    def _take_back(self, connection: Connection) -> None:
        if not connection.is_open:
            return
        if connection.letters >= self._bounds.letters:
            self._see_off(connection)
            return
        connection.idle_since = self._monotonic()
        self._idle.append(connection)
        self._look_later()

    def _look_later(self) -> None:
        if self._look is None:
            loop = asyncio.get_running_loop()
            self._look = loop.call_later(self._bounds.idle_s, self._clear)

    def _clear(self) -> None:
        """Those that nobody has wanted for long."""
        self._look = None
        old = [connection for connection in self._idle if self._is_old(connection)]
        for connection in old:
            self._idle.remove(connection)
            self._see_off(connection)
        if self._idle:
            self._look_later()

    def _see_off(self, connection: Connection) -> None:
        if connection.is_open:
            task = asyncio.get_running_loop().create_task(connection.leave())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)


def _dotted(raw: bytes) -> bytes:
    """As it travels: a line that begins with a dot has one more, a dot alone is the end."""
    lines = normalize_message_line_endings(raw).split(b"\r\n")
    return b"\r\n".join(b"." + line if line[:1] == b"." else line for line in lines) + b".\r\n"
