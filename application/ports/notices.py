"""Notices of cards that will expire: one for each card and expiry."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct


class ExpiryNotice(Struct, frozen=True, kw_only=True):
    """A notice that is about to go. `token_hash` is the SHA-256 of its link's secret."""

    notice_id: UUID  # expiry_id of the card
    account: str
    customer_id: str
    subscription_id: str
    payment_method: str
    expires: str  # "2027-03"
    renews_at: datetime
    token_hash: bytes
    link_until: datetime
    begun_at: datetime
    address_hash: bytes | None = None  # to whom it goes


class NoticeStore(Protocol):
    """Those of one merchant, inside one unit of work."""

    async def begun(self, notice_ids: tuple[UUID, ...]) -> dict[UUID, datetime]:
        """When each of them went, or may have gone; those that certainly did not are not in it."""
        ...

    async def begin(self, notice: ExpiryNotice) -> bool:
        """False if it went before, or may have; then it must not go."""
        ...

    async def sent(self, notice_id: UUID, at: datetime, *, answered: bool = True) -> None:
        """The mail server took it; or was given its text and never `answered`."""
        ...

    async def failed(self, notice_id: UUID, *, final: bool) -> None:
        """It certainly did not go out, and counts against nobody's budget; it may be tried again
        unless the mail server refused it for good."""
        ...
