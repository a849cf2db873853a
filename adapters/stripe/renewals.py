"""What subscriptions will charge next: by what card, and what lies beneath it."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

import structlog
from msgspec import Struct

from adapters.stripe import documents as doc
from adapters.stripe.asking import NO_PARAMS, Asker, Trouble
from adapters.stripe.client import StripeConnection
from adapters.stripe.declines import card_of, instant
from adapters.stripe.pace import TokenBucket
from application.ports.payments import StripeUnavailable
from application.ports.renewals import RenewalsPage
from domain.calendar.zones import main_zone
from domain.expiry import GivenCard, Renewal
from domain.invoice import Card, Customer

A_PAGE: Final = 100
# A subscription that is late has a recovery case, and one that has ended charges nothing.
# Source: docs.stripe.com/api/subscriptions/object#subscription_object-status.
RENEWING: Final = frozenset({"active", "trialing"})
AUTOMATIC: Final = "charge_automatically"
# Four levels are Stripe's limit. Source: docs.stripe.com/api/expanding_objects.
EXPAND: Final = (
    "default_payment_method",
    "default_source",
    "customer.invoice_settings.default_payment_method",
    "customer.default_source",
)
NOT_THERE: Final = 404
NOT_ALLOWED: Final = (400, 401, 403)
_log = structlog.get_logger()

Method = doc.PaymentMethod | str | None
Shape = TypeVar("Shape")


class _Item(Struct, frozen=True):
    current_period_end: int


class _Items(Struct, frozen=True):
    data: list[_Item] = []


class _Subscription(Struct, frozen=True):
    """A subscription in the shape of the pinned API version: the period is that of its items."""

    id: str
    status: str
    customer: doc.Customer | str
    items: _Items
    collection_method: str = AUTOMATIC
    cancel_at: int | None = None
    pause_collection: dict[str, Any] | None = None
    default_payment_method: doc.PaymentMethod | str | None = None
    default_source: doc.PaymentMethod | str | None = None


class _Page(Struct, frozen=True):
    data: list[_Subscription]
    has_more: bool = False


class _Session(Struct, frozen=True):
    url: str


class StripeRenewals:
    """The Renewals port over one StripeConnection; lists are read slowly."""

    def __init__(self, connection: StripeConnection, calls_per_s: float) -> None:
        """`calls_per_s` is what lists may take of what an account may be asked."""
        self._asker = Asker(connection)
        self._pace = TokenBucket(calls_per_s, burst=1)

    async def soon(
        self, account: str, span: tuple[datetime, datetime], after: str | None
    ) -> RenewalsPage:
        """By the end of the period that runs. Source: docs.stripe.com/api/subscriptions/list."""
        since, until = (int(each.timestamp()) for each in span)
        params: dict[str, Any] = {
            "collection_method": AUTOMATIC,
            "current_period_end": {"gte": since, "lt": until},
            "expand": [f"data.{each}" for each in EXPAND],
            "limit": A_PAGE,
        }
        if after is not None:
            params["starting_after"] = after
        await asyncio.sleep(self._pace.reserve(account))
        page = await self._read(account, "/v1/subscriptions", _Page, params)
        assert page is not None, "a list is always there"
        renewals = [_renewal(each) for each in page.data]
        return RenewalsPage(
            renewals=tuple(each for each in renewals if each is not None),
            looked_at=len(page.data),
            last=page.data[-1].id if page.has_more and page.data else None,
        )

    async def of_subscription(self, account: str, subscription_id: str) -> Renewal | None:
        """One request."""
        path = _path(subscription_id)
        found = await self._read(account, path, _Subscription, {"expand": list(EXPAND)})
        return None if found is None else _renewal(found)

    async def put_in_slot(
        self, account: str, subscription_id: str, payment_method: str, *, idempotency_key: str
    ) -> bool:
        """A refusal (of a key without the permission, say) leaves the slot as it is."""
        request = ("post", _path(subscription_id))
        params = {"default_payment_method": payment_method}
        try:
            await self._asker.ask(account, request, doc.Ended, params, key=idempotency_key)
        except Trouble as trouble:
            if trouble.status in (*NOT_ALLOWED, NOT_THERE):
                _log.warning("card_not_put_in_slot", reason=trouble.reason)
                return False
            raise StripeUnavailable(trouble.reason) from trouble
        return True

    async def card_page(
        self, account: str, customer_id: str, return_url: str, *, idempotency_key: str
    ) -> str | None:
        """The customer portal, straight at the card: there it leads back to `return_url`.

        Source: docs.stripe.com/customer-management/portal-deep-links.
        """
        back = {"type": "redirect", "redirect": {"return_url": return_url}}
        params = {
            "customer": customer_id,
            "return_url": return_url,
            "flow_data": {"type": "payment_method_update", "after_completion": back},
        }
        request = ("post", "/v1/billing_portal/sessions")
        try:
            made = await self._asker.ask(account, request, _Session, params, key=idempotency_key)
        except Trouble as trouble:
            if trouble.status in (*NOT_ALLOWED, NOT_THERE):
                _log.warning("no_card_page", reason=trouble.reason)
                return None
            raise StripeUnavailable(trouble.reason) from trouble
        return made.url

    async def _read(
        self, account: str, path: str, shape: type[Shape], params: dict[str, Any]
    ) -> Shape | None:
        """None for a thing that is not there. Raises StripeUnavailable."""
        try:
            return await self._asker.ask(account, ("get", path), shape, params or NO_PARAMS)
        except Trouble as trouble:
            if trouble.status == NOT_THERE:
                return None
            raise StripeUnavailable(trouble.reason) from trouble


def _path(subscription_id: str) -> str:
    return f"/v1/subscriptions/{quote(subscription_id, safe='')}"


def _renewal(found: _Subscription) -> Renewal | None:
    """None where nothing will be charged by itself, or nothing is known to charge."""
    ends = [item.current_period_end for item in found.items.data]
    held = list(_held(found))
    if not (_goes_on(found) and ends and held) or isinstance(found.customer, str):
        return None
    at = min(ends)
    if found.cancel_at is not None and found.cancel_at <= at:
        return None
    first, card = held[0]
    country = found.customer.address.country if found.customer.address else None
    return Renewal(
        subscription_id=found.id,
        at=instant(at),
        customer=_customer(found.customer),
        card=card,
        timezone=main_zone((country or card.country or "").upper() or None),
        in_wallet=_in_wallet(first),
        beneath=next((given for given in _given(held[1:]) if given.card != card), None),
    )


def _goes_on(found: _Subscription) -> bool:
    automatic = found.collection_method == AUTOMATIC and found.pause_collection is None
    return automatic and found.status in RENEWING


def _held(found: _Subscription) -> Iterator[tuple[Method, Card]]:
    """What Stripe would charge, and what it would charge without that: in its order, which is that
    of adapters.stripe.slots."""
    customer = found.customer if isinstance(found.customer, doc.Customer) else None
    methods: list[Method] = [found.default_payment_method, found.default_source]
    if customer is not None:
        methods += [customer.invoice_settings.default_payment_method, customer.default_source]
    for method in methods:
        card = card_of(method)
        if card is not None:
            yield method, card


def _given(held: list[tuple[Method, Card]]) -> Iterator[GivenCard]:
    for method, card in held:
        if isinstance(method, doc.PaymentMethod) and method.created is not None:
            yield GivenCard(card=card, given_at=instant(method.created))


def _in_wallet(method: Method) -> bool:
    card = method.card if isinstance(method, doc.PaymentMethod) else None
    return card is not None and card.wallet is not None


def _customer(customer: doc.Customer) -> Customer:
    return Customer(
        customer_id=customer.id,
        email=customer.email,
        name=customer.name,
        locale=next(iter(customer.preferred_locales or ()), None),
    )
