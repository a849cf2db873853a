"""Making a merchant known to the installation."""

from typing import Protocol
from uuid import UUID

from msgspec import Struct

from domain.policy import Policy


class NewMerchant(Struct, frozen=True, kw_only=True):
    """A merchant with the first person of its team, its Stripe account and its first policy."""

    merchant_id: UUID
    name: str
    timezone: str
    reply_to: str | None
    user_id: UUID
    email: str
    password_hash: str
    account: str
    livemode: bool
    own: bool  # the account that the installation's API key belongs to
    policy: Policy
    shares_lessons: bool = False  # its counts, without its name, may help others


class Registration(Protocol):
    """One verb, with its audit row."""

    async def register(self, new: NewMerchant) -> None:
        """All in one transaction. What is there already stays; only the password is set anew."""
        ...
