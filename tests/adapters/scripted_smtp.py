"""A mail server that answers as a script says: later, never, or by hanging up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

SILENCE: Final = "(silence)"
HANG_UP: Final = "(hang up)"
FINE: Final = {
    "banner": "220 scripted",
    "EHLO": "250 scripted",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "text": "250 taken",
    "RSET": "250 forgotten",
    "QUIT": "221 bye",
}
ENDS: Final = ("221", "421")


class ScriptedSmtp:
    """`answers` are given one after another, the last for ever: `RCPT=["421 no", "250"]`."""

    def __init__(self, **answers: str | list[str]) -> None:
        self._answers = {
            word: [said] if isinstance(said, str) else list(said)
            for word, said in {**FINE, **answers}.items()
        }
        self.letters: list[bytes] = []  # those whose last dot came
        self.said: list[str] = []  # the first word of each command
        self.connections = 0
        self.most_at_once = 0
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    def hang_up(self) -> None:
        """On everybody."""
        for writer in self._open:
            writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ScriptedSmtp"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.hang_up()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        self.most_at_once = max(self.most_at_once, len(self._open))
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        goes_on = await self._answer("banner", writer)
        while goes_on:
            line = await reader.readline()
            if not line:
                return
            word = line.split()[0].decode().upper()
            self.said.append(word)
            goes_on = await self._answer(word, writer)
            if goes_on and word == "DATA" and self._last.startswith("354"):
                text = await reader.readuntil(b"\r\n.\r\n")
                self.letters.append(text.removesuffix(b".\r\n"))
                goes_on = await self._answer("text", writer)

    async def _answer(self, word: str, writer: asyncio.StreamWriter) -> bool:
        """False if that was the end."""
        said = self._answers.get(word, ["502 what?"])
        self._last = said.pop(0) if len(said) > 1 else said[0]
        if self._last == SILENCE:
            await asyncio.sleep(30)
        if self._last == HANG_UP:
            return False
        writer.write(f"{self._last}\r\n".encode())
        await writer.drain()
        return not self._last.startswith(ENDS)
