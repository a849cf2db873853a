"""Where merchants' letters come from: their own domains, and the keys that sign for them."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from domain.sending import DkimKey, SendingDomain


class NewKey(Struct, frozen=True, kw_only=True):
    """A key that was just made."""

    public: DkimKey
    private_pem: str

    def __repr__(self) -> str:
        return f"NewKey({self.public.selector})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class Identity(Struct, frozen=True, kw_only=True):
    """Who a letter comes from, and what signs for it."""

    address: str
    domain: str
    selector: str
    private_pem: str

    def __repr__(self) -> str:
        return f"Identity({self.selector}, {self.domain})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class SendingStore(Protocol):
    """The domain of one merchant, inside one unit of work."""

    async def read(self) -> SendingDomain | None:
        """None if none was chosen."""
        ...

    async def choose(self, it: SendingDomain, key: NewKey, at: datetime) -> None:
        """Instead of whatever there was. Raises CannotSeal."""
        ...

    async def add_key(self, key: NewKey) -> None:
        """Beside the others; instead of one with its selector. Raises CannotSeal."""
        ...

    async def looked(self, it: SendingDomain) -> None:
        """Keep what was found."""
        ...

    async def remove(self) -> None:
        """Nothing of it stays, its keys least."""
        ...


class Identities(Protocol):
    """What whoever sends letters needs of all merchants."""

    async def of(self, merchant_id: UUID) -> Identity | None:
        """None: in the installation's own name. Raises Unavailable."""
        ...


class SendingChecks(Protocol):
    """Whose records are to be looked at again."""

    async def due(self, now: datetime, limit: int) -> tuple[UUID, ...]:
        """Those that stand once a day, the others every hour; those that waited longest first."""
        ...


class Names(Protocol):
    """The domain name system."""

    async def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name, each in one piece; empty if there are none. Raises
        Unavailable if nobody knows."""
        ...
