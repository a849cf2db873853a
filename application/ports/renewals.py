"""What an account's subscriptions will charge next, and where a customer changes the card."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from domain.expiry import Renewal


class RenewalsPage(Struct, frozen=True, kw_only=True):
    """Of up to 100 subscriptions those that will charge a card by themselves; `last` is where the
    next page goes on, None at the end."""

    renewals: tuple[Renewal, ...]
    looked_at: int
    last: str | None = None


class Renewals(Protocol):
    """Each raises StripeUnavailable."""

    async def soon(
        self, account: str, span: tuple[datetime, datetime], after: str | None
    ) -> RenewalsPage:
        """Renewals from the first instant on and before the second."""
        ...

    async def of_subscription(self, account: str, subscription_id: str) -> Renewal | None:
        """As it stands now; None if nothing will be charged (any more)."""
        ...

    async def put_in_slot(
        self, account: str, subscription_id: str, payment_method: str, *, idempotency_key: str
    ) -> bool:
        """Let the subscription charge this one from now on; False if Stripe will not have it."""
        ...

    async def card_page(
        self, account: str, customer_id: str, return_url: str, *, idempotency_key: str
    ) -> str | None:
        """The address of Stripe's own page on which the customer puts in another card, good for a
        few minutes; None if this account has no such page."""
        ...
