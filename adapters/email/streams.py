"""Two streams of letters, each with its own connections, breaker and, where set, server."""

import asyncio
from collections.abc import Mapping

from adapters.email.mailer import SmtpMailer
from application.ports.mailer import Handed, Letter, Stream


class StreamedMailer:
    """The Mailer port. A server that will not take reminders holds up no thanks."""

    def __init__(self, by_stream: Mapping[Stream, SmtpMailer]) -> None:
        self._by_stream = by_stream

    async def send(self, letter: Letter) -> Handed:
        return await self._by_stream[letter.stream].send(letter)

    async def close(self) -> None:
        """Say goodbye to the servers."""
        await asyncio.gather(*(mailer.close() for mailer in self._by_stream.values()))
