"""A name server on this machine: TXT records over UDP, and answers that name servers have on bad
days."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class NameServer(asyncio.DatagramProtocol):
    """`zone` is what it knows; names it does not know do not exist."""

    def __init__(self) -> None:
        self.zone: dict[str, list[str]] = {}
        self.refuses = False
        self.is_mute = False
        self.asked: list[str] = []
        self.port = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["NameServer"]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, ("127.0.0.1", 0))
        self.port = transport.get_extra_info("sockname")[1]
        try:
            yield self
        finally:
            transport.close()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        query = dns.message.from_wire(data)
        name = query.question[0].name.to_text(omit_final_dot=True)
        self.asked.append(name)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if self.is_mute:
            return
        if self.refuses:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.zone:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            for text in self.zone[name]:
                pieces = [text[at : at + 200] for at in range(0, len(text), 200)]
                quoted = " ".join(f'"{piece}"' for piece in pieces)
                answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", quoted))
        self._transport.sendto(answer.to_wire(), addr)
