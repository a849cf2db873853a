"""TXT records, asked of the machine's own resolvers."""

from collections.abc import Sequence
from typing import Final

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer

from application.errors import Unavailable

TIMEOUT_S: Final = 5.0
MOST_RECORDS: Final = 50
MOST_CHARACTERS: Final = 4_000


class DnsNames:
    """The Names port. `servers` and `port` stand in for the machine's own resolvers."""

    def __init__(self, servers: Sequence[str] = (), port: int = 53) -> None:
        self._servers, self._port = list(servers), port

    async def texts(self, name: str) -> tuple[str, ...]:
        try:
            answer = await self._resolver().resolve(
                f"{name}.", "TXT", search=False, lifetime=TIMEOUT_S
            )
        except (NXDOMAIN, NoAnswer):
            return ()
        except (DNSException, OSError) as error:
            raise Unavailable(f"no name server answers: {type(error).__name__}") from error
        pieces = (b"".join(record.strings) for record in list(answer)[:MOST_RECORDS])
        return tuple(text.decode("utf-8", "replace")[:MOST_CHARACTERS] for text in pieces)

    def _resolver(self) -> Resolver:
        """A new one each time: no answer is remembered, the machine's settings are read anew."""
        resolver = Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers, resolver.port = self._servers, self._port
        return resolver
