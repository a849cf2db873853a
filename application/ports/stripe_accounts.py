"""The Stripe accounts that merchants connected: how each is reached, and what it lets us do.

Keys and secrets are kept sealed; they are opened in the moment of a call and never listed.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from application.errors import Unavailable


class Access(StrEnum):
    """By whose key an account is called. The names are stored."""

    INSTALLATION = "installation"  # the installation's own key, and its own account
    KEY = "key"  # a key of the merchant's, pasted
    CONNECT = "connect"  # the installation's key, acting for an account that agreed


class Permission(StrEnum):
    """What a key may be allowed to do: Stripe's resources, as its dashboard names them."""

    INVOICES_WRITE = "invoices_write"
    SUBSCRIPTIONS_WRITE = "subscriptions_write"
    CUSTOMERS_WRITE = "customers_write"
    PAYMENT_METHODS_WRITE = "payment_methods_write"
    CHECKOUT_SESSIONS_WRITE = "checkout_sessions_write"
    CUSTOMER_PORTAL_WRITE = "customer_portal_write"
    WEBHOOK_ENDPOINTS_WRITE = "webhook_endpoints_write"
    PAYMENT_INTENTS_READ = "payment_intents_read"
    CHARGES_READ = "charges_read"
    DISPUTES_READ = "disputes_read"
    EVENTS_READ = "events_read"
    ACCOUNT_READ = "account_read"


class Holder(Struct, frozen=True, kw_only=True):
    """Whose key it is: Stripe's own answer."""

    account: str
    livemode: bool
    name: str | None = None
    country: str | None = None
    currency: str | None = None


class Endpoint(Struct, frozen=True, kw_only=True):
    """Our webhook endpoint in the merchant's account. `endpoint_id` is ours, unguessable, and part
    of its address; `stripe_id` is Stripe's, None if the merchant entered it by hand."""

    endpoint_id: str
    stripe_id: str | None = None
    secrets: tuple[str, ...] = ()  # while one is rolled, two are valid


class Connection(Struct, frozen=True, kw_only=True):
    """What is known of a connected account, without anything secret."""

    merchant_id: UUID
    account: str
    livemode: bool
    access: Access
    name: str | None = None
    country: str | None = None
    connected_at: datetime | None = None
    checked_at: datetime | None = None  # when its permissions were looked at
    missing: tuple[Permission, ...] = ()
    denied: tuple[str, ...] = ()  # names of EndAction that Stripe said it may not do
    refused_at: datetime | None = None  # Stripe does not take its key any more
    endpoint_id: str | None = None
    endpoint_by_hand: bool = False
    endpoint_stripe_id: str | None = None  # Stripe's name of our endpoint, if we made it
    last_event_at: datetime | None = None


class NewConnection(Struct, frozen=True, kw_only=True):
    """What a merchant connects. `key` is theirs (Access.KEY) or None."""

    holder: Holder
    access: Access
    key: str | None = None
    missing: tuple[Permission, ...] = ()
    endpoint: Endpoint | None = None


class AccountTaken(Exception):
    """Another merchant has connected this account."""


class ConnectionStore(Protocol):
    """The connections of one merchant, inside its unit of work (`uow.connections`).

    What is said of an account that the merchant has not connected is not kept, and no error: it may
    have been let go of a moment ago.
    """

    async def put(self, new: NewConnection, at: datetime) -> None:
        """Keep or renew a connection: key, permissions and endpoint are replaced, and what Stripe
        refused the old key is forgotten. The same endpoint without secrets keeps those it had.
        Raises AccountTaken, and CannotSeal without a key to seal with."""
        ...

    async def all(self) -> Sequence[Connection]:
        """Those of the merchant."""
        ...

    async def key_refused(self, account: str, at: datetime | None) -> None:
        """Stripe does not take the key (None: it does again)."""
        ...

    async def checked(self, account: str, missing: tuple[Permission, ...], at: datetime) -> None:
        """Its permissions were looked at anew."""
        ...

    async def denied(self, account: str, what: str, at: datetime) -> None:
        """Stripe said that this account may not do the end action named `what`."""
        ...

    async def let_go(self, account: str, at: datetime) -> None:
        """Erase key and secrets; the account is connected no more, and anybody may connect it."""
        ...


class Credential(Struct, frozen=True, kw_only=True):
    """How a call for an account is made: `key` None means the installation's own."""

    key: str | None = None
    names_account: bool = True  # whether the call carries Stripe-Account
    merchant_id: UUID | None = None  # whose account it is; None where only the operator's is known
    refused: bool = False  # Stripe did not take it when last asked


class NoCredential(Unavailable):
    """The account is not connected (any more): whatever waits for it goes on waiting."""


class Credentials(Protocol):
    """The key of any account, opened for a call."""

    async def of(self, account: str) -> Credential:
        """Raises NoCredential."""
        ...


class EndpointOwner(Struct, frozen=True, kw_only=True):
    """Whose webhook endpoint it is, and what its deliveries are signed with."""

    merchant_id: UUID
    account: str
    livemode: bool
    secrets: tuple[str, ...]


class Endpoints(Protocol):
    """Webhook endpoints by the id in their address."""

    async def find(self, endpoint_id: str) -> EndpointOwner | None:
        """None if there is none such."""
        ...


class PendingAgreement(Struct, frozen=True, kw_only=True):
    """Somebody was sent to Stripe to agree that we act for their account."""

    merchant_id: UUID
    session_hash: bytes  # whose browser it was; only that one may come back
    livemode: bool
    expires_at: datetime


class Agreements(Protocol):
    """Agreements that are under way, by the hash of the state that Stripe hands back."""

    async def begin(self, state_hash: bytes, pending: PendingAgreement) -> None:
        """Keep it; those that have expired are swept away."""
        ...

    async def take(self, state_hash: bytes) -> PendingAgreement | None:
        """Whose it is, once; None if it is unknown, was taken, or has expired."""
        ...


class WrongKey(Exception):
    """Not usable; its text is a reason: `not_a_key`, `publishable`, `refused`, `wrong_mode`,
    `account_hidden` (it may not read whose it is), `not_a_secret` (of an endpoint by hand)."""


class KeyCheck(Protocol):
    """Asking Stripe about a key that somebody pasted."""

    async def holder(self, key: str) -> Holder:
        """Whose it is. Raises WrongKey, StripeUnavailable."""
        ...

    async def missing(self, key: str) -> tuple[Permission, ...]:
        """Which permissions it lacks, each tried by a harmless call. Raises StripeUnavailable."""
        ...

    async def make_endpoint(self, key: str, url: str, known: str | None) -> tuple[str, str] | None:
        """Create our webhook endpoint at `url` with the pinned version and the events we read (or
        renew the `known` one): its id and its signing secret; None if the key may not."""
        ...

    async def drop_endpoint(self, key: str, stripe_id: str) -> None:
        """Remove it; one that is gone already is fine."""
        ...
