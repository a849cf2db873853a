"""Asks a host who it is, over https, and knocks at no door inside our own network.

The name is a merchant's to choose, so the address it leads to is looked at before it is connected
to, and connected to as looked at: a name that leads elsewhere a moment later gains nothing.
"""

import asyncio
import socket
import ssl
from ipaddress import IPv6Address, ip_address
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from application.customer_links import at_host

PATH: Final = "/.well-known/chargechase"
TIMEOUT_S: Final = 10.0
MOST_ANSWER: Final = 200  # bytes that are read of it


class WebHostProbe:
    """The HostProbe port. `base_url` is the installation's own: its scheme and port are asked. For
    one on a machine of one's own (`is_local`) the name must lead there, else to the public."""

    def __init__(
        self,
        base_url: str,
        *,
        is_local: bool = False,
        trust: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._base_url = base_url
        self._is_local, self._trust = is_local, trust
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def ask(self, host: str) -> str | None:
        """A redirect is no answer, and is not followed."""
        connector = aiohttp.TCPConnector(
            resolver=_Looked(local=self._is_local),
            ssl=self._trust or True,
            use_dns_cache=False,
        )
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=self._timeout) as session,
                session.get(
                    f"{at_host(self._base_url, host)}{PATH}", allow_redirects=False
                ) as answer,
            ):
                body = await answer.content.read(MOST_ANSWER)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return None
        return body.decode("ascii", "replace").strip() if answer.status == 200 else ""


class _Looked(AbstractResolver):
    """The machine's own resolver, and of its answers those that may be asked."""

    def __init__(self, *, local: bool) -> None:
        self._local = local

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family
        )
        fit = [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, proto, _, address in found
            if may_be_asked(str(address[0]), local=self._local)
        ]
        if not fit:
            raise OSError("no address that may be asked")
        return fit

    async def close(self) -> None:
        return


def may_be_asked(address: str, *, local: bool) -> bool:
    """True for one of the public network; with `local` for one of this very machine instead."""
    known = ip_address(address.partition("%")[0])
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    return known.is_loopback if local else known.is_global
