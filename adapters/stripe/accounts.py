"""A key that somebody pasted: whose it is, what it may do, and our webhook endpoint made with it.

Each question opens a connection of its own under that key and hangs up: the key stays nowhere.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct, field

from adapters.stripe.client import API_VERSION, StripeAccess, StripeConnection
from adapters.stripe.events import READ_TYPES
from adapters.stripe.refusals import PERMISSION_MISSING, refused_with
from application.ports.payments import StripeUnavailable
from application.ports.stripe_accounts import Holder, Permission, WrongKey

DESCRIPTION: Final = "Failed payments, watched for recovery"
# A name of before 2020: an endpoint of today's version is not sent it.
ENABLED_EVENTS: Final = tuple(sorted(READ_TYPES - {"payment_method.card_automatically_updated"}))
_KEY: Final = re.compile(r"(rk|sk)_(test|live)_[A-Za-z0-9_]{8,240}")
_NONE: Final = "chargechase_permission_probe"  # the id of nothing: a key that may is answered 404
_READ: Final[dict[str, Any]] = {"limit": 1}

# One harmless request for each permission: a list of one, or a change to what does not exist.
PROBES: Final[Mapping[Permission, tuple[str, str]]] = {
    Permission.INVOICES_WRITE: ("post", f"/v1/invoices/in_{_NONE}"),
    Permission.SUBSCRIPTIONS_WRITE: ("post", f"/v1/subscriptions/sub_{_NONE}"),
    Permission.CUSTOMERS_WRITE: ("post", f"/v1/customers/cus_{_NONE}"),
    Permission.PAYMENT_METHODS_WRITE: ("post", f"/v1/payment_methods/pm_{_NONE}/detach"),
    Permission.CHECKOUT_SESSIONS_WRITE: ("post", f"/v1/checkout/sessions/cs_test_{_NONE}/expire"),
    Permission.CUSTOMER_PORTAL_WRITE: ("post", f"/v1/billing_portal/configurations/bpc_{_NONE}"),
    Permission.WEBHOOK_ENDPOINTS_WRITE: ("post", f"/v1/webhook_endpoints/we_{_NONE}"),
    Permission.PAYMENT_INTENTS_READ: ("get", "/v1/payment_intents"),
    Permission.CHARGES_READ: ("get", "/v1/charges"),
    Permission.DISPUTES_READ: ("get", "/v1/disputes"),
    Permission.EVENTS_READ: ("get", "/v1/events"),
    Permission.ACCOUNT_READ: ("get", "/v1/account"),
}
_log = structlog.get_logger()


class _Profile(Struct, frozen=True):
    name: str | None = None


class _Dashboard(Struct, frozen=True):
    display_name: str | None = None


class _Settings(Struct, frozen=True):
    dashboard: _Dashboard = field(default_factory=_Dashboard)


class _Account(Struct, frozen=True):
    id: str
    country: str | None = None
    default_currency: str | None = None
    business_profile: _Profile | None = None
    settings: _Settings | None = None


class _Endpoint(Struct, frozen=True):
    id: str
    secret: str


class _Refused(Exception):
    """Stripe answered, and it is a refusal: its text is `key_revoked`, `permission_missing` and so
    on, or `other`. Nothing of the request is kept in it."""


class StripeKeyCheck:
    """KeyCheck over stripe-python. `base` stands in for Stripe's address."""

    def __init__(self, base: str | None = None) -> None:
        self._base = base

    async def holder(self, key: str) -> Holder:
        """Whose it is; its mode stands in the key itself. Raises WrongKey, StripeUnavailable."""
        livemode = _livemode(key)
        async with self._line(key) as line:
            try:
                body = await _ask(line, ("get", "/v1/account"), {})
            except _Refused as refusal:
                hidden = str(refusal) == PERMISSION_MISSING
                raise WrongKey("account_hidden" if hidden else "refused") from None
        return holder_of(body, livemode)

    async def missing(self, key: str) -> tuple[Permission, ...]:
        """Which permissions it lacks, in the order of Permission. Raises StripeUnavailable."""
        async with self._line(key) as line:
            return tuple([each for each in Permission if not await _may(line, key, each)])

    async def make_endpoint(self, key: str, url: str, known: str | None) -> tuple[str, str] | None:
        """A new endpoint, then the `known` one goes: Stripe shows a secret only once, and never
        changes an endpoint's version. None if Stripe refuses; StripeUnavailable."""
        wanted = {
            "url": url,
            "api_version": API_VERSION,
            "enabled_events": list(ENABLED_EVENTS),
            "description": DESCRIPTION,
        }
        # Asked twice, Stripe answers with the first one's secret; another list is another wish.
        same = f"endpoint/{_digest(url, API_VERSION, *ENABLED_EVENTS)}"
        async with self._line(key) as line:
            try:
                body = await _ask(line, ("post", "/v1/webhook_endpoints"), wanted, same)
            except _Refused as refusal:
                _log.warning("webhook_endpoint_refused", reason=str(refusal))
                return None
        if known is not None:
            await self.drop_endpoint(key, known)
        made = msgspec.json.decode(body, type=_Endpoint)
        return made.id, made.secret

    async def drop_endpoint(self, key: str, stripe_id: str) -> None:
        """Remove it; one that is gone, and a key that may not (any more), are fine. Raises
        StripeUnavailable."""
        async with self._line(key) as line:
            try:
                await _ask(line, ("delete", f"/v1/webhook_endpoints/{stripe_id}"), {})
            except _Refused as refusal:
                _log.info("webhook_endpoint_stays", endpoint=stripe_id, reason=str(refusal))

    @asynccontextmanager
    async def _line(self, key: str) -> AsyncIterator[StripeConnection]:
        """A connection under the key, whose own account goes by the empty name."""
        line = StripeConnection(StripeAccess(api_key=key, own_account="", base=self._base))
        try:
            yield line
        finally:
            await line.close()


async def _may(line: StripeConnection, key: str, permission: Permission) -> bool:
    request = PROBES[permission]
    writes = request[0] == "post"
    same = f"permission/{permission}/{_digest(key)}" if writes else None
    try:
        await _ask(line, request, {} if writes or request[1] == "/v1/account" else _READ, same)
    except _Refused as refusal:
        if str(refusal) == PERMISSION_MISSING:
            return False
        if str(refusal) != "other":
            raise StripeUnavailable(str(refusal)) from None
    return True


async def _ask(
    line: StripeConnection,
    request: tuple[str, str],
    params: Mapping[str, Any],
    key: str | None = None,
) -> str:
    """The answer's body. Raises _Refused, or StripeUnavailable for whatever is no answer."""
    try:
        return await line.call("", request, params, key)
    except Exception as trouble:
        status = getattr(trouble, "http_status", None)
        if status not in (400, 401, 403, 404):
            raise StripeUnavailable(type(trouble).__name__) from None
        reason = refused_with(trouble) or "other"
    raise _Refused(reason)


def _livemode(key: str) -> bool:
    """Raises WrongKey for what is no secret or restricted key."""
    if key.startswith("pk_"):
        raise WrongKey("publishable")
    shaped = _KEY.fullmatch(key)
    if shaped is None:
        raise WrongKey("not_a_key")
    return shaped[2] == "live"


def holder_of(body: str, livemode: bool) -> Holder:
    """Whose account Stripe's answer to `GET /v1/account` shows."""
    account = msgspec.json.decode(body, type=_Account)
    profile = account.business_profile.name if account.business_profile else None
    shown = account.settings.dashboard.display_name if account.settings else None
    return Holder(
        account=account.id,
        livemode=livemode,
        name=shown or profile,
        country=account.country,
        currency=account.default_currency,
    )


def _digest(*texts: str) -> str:
    return sha256("\n".join(texts).encode()).hexdigest()[:32]
