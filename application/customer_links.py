"""Where a customer's links begin: at the merchant's own host once that is proven, else at ours."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from application.ports.link_hosts import LinkHosts


class Links(Struct, frozen=True):
    """Links of one merchant. A token is URL-safe."""

    origin: str

    def page(self, token: str) -> str:
        """To the page that repairs the payment."""
        return f"{self.origin}/r/{token}"

    def stop(self, token: str) -> str:
        """To where letters are stopped."""
        return f"{self.origin}/u/{token}"


@dataclass(frozen=True, slots=True)
class CustomerLinks:
    """`base_url` is the installation's own, without a slash at its end."""

    base_url: str
    hosts: LinkHosts | None = None  # without it nobody has a host of their own

    async def of(self, merchant_id: UUID) -> Links:
        """As they are to be sent now."""
        host = await self.hosts.of(merchant_id) if self.hosts else None
        return Links(self.base_url if host is None else at_host(self.base_url, host))


def at_host(base_url: str, host: str) -> str:
    """The same installation by another name."""
    base = urlsplit(base_url)
    port = f":{base.port}" if base.port else ""
    return f"{base.scheme}://{host}{port}"
