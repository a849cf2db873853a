"""By which name a request came: the installation's own, or that of a merchant for its customers."""

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Request
from litestar.exceptions import ClientException

from application.customer_links import at_host
from web.parts import WebParts

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
NAME: Final = re.compile(r"[a-z0-9.-]{3,253}")  # source: RFC 1035, 2.3.4

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A name of ours, or of a merchant's."""

    origin: str  # "https://pay.shop.example"
    names: frozenset[str]  # as origins of forms name it, with its port
    merchant_id: UUID | None = None  # whose customers alone come by it; None: everybody

    def is_for(self, merchant_id: UUID) -> bool:
        """Whether that merchant's links lead here."""
        return self.merchant_id in (None, merchant_id)


async def host_of(request: AnyRequest, parts: WebParts) -> Host:
    """The one that the request names. Raises ClientException if it is nobody's."""
    given, ours = request.headers.get("host", "").lower(), allowed_hosts(parts.base_url)
    if given in ours:
        return Host(origin=parts.base_url, names=ours)
    name = given.partition(":")[0]
    origin = at_host(parts.base_url, name)
    fits = NAME.fullmatch(name) is not None and origin.partition("//")[2] == given
    owner = await parts.link_hosts.owner(name) if fits else None
    if owner is None:
        raise ClientException("This address is not ours.")
    return Host(origin=origin, names=frozenset({given}), merchant_id=owner)


def allowed_hosts(base_url: str) -> frozenset[str]:
    """The host of `base_url`; on a machine of one's own also its other names."""
    parsed = urlsplit(base_url)
    if parsed.hostname not in ("127.0.0.1", "localhost", "::1"):
        return frozenset({parsed.netloc.lower()})
    port = f":{parsed.port}" if parsed.port else ""
    return frozenset(f"{name}{port}" for name in LOOPBACK)
