"""Stripe's Connect: an account agrees that we act for it, and either side takes that back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from application.ports.stripe_accounts import Holder


class Agreed(Struct, frozen=True, kw_only=True):
    """What a code brought: whose account, in which mode, and how much we may do."""

    account: str
    livemode: bool
    scope: str


class NotAgreed(Exception):
    """There is no agreement. Its text is a reason: `agreement_stale` (the way back is not that of
    this browser, or too old, or was gone before), `agreement_denied`, `agreement_code` (Stripe does
    not take the code), `agreement_setup` (the platform is not set up right), `agreement_refused`,
    `agreement_read_only`, `agreement_wrong_mode`."""


class Agreeing(Protocol):
    """The platform's side of OAuth."""

    async def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Stripe's page on which a person agrees, for an account of their choice."""
        ...

    async def exchange(self, code: str) -> Agreed:
        """From now on the account is reached with the platform's key. A code is good once. Raises
        NotAgreed, StripeUnavailable."""
        ...

    async def holder(self, agreed: Agreed) -> Holder:
        """Whose account it is. Raises NotAgreed, StripeUnavailable."""
        ...

    async def deauthorize(self, account: str) -> None:
        """Give the access back; an account that does not give it (any more) is fine. Raises
        StripeUnavailable."""
        ...


class Parted(Struct, frozen=True, kw_only=True):
    """An account that took its agreement back in Stripe, and was not connected again since."""

    account: str
    at: datetime


class Partings(Protocol):
    """What became of accounts that are connected no more."""

    async def in_stripe(self, merchant_id: UUID) -> Sequence[Parted]:
        """The merchant's, the latest first."""
        ...
