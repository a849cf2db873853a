"""Reading an account's lists slowly: events, invoices, charges, 100 a page."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
import structlog
from msgspec import Struct, field

from adapters.stripe import documents as doc
from adapters.stripe.client import StripeConnection
from adapters.stripe.declines import charged_card, failed_charge, instant
from adapters.stripe.events import READ_TYPES, read_envelope
from adapters.stripe.invoices import to_invoice
from adapters.stripe.pace import TokenBucket
from application.ports.conveyor import IncomingEvent
from application.ports.payments import MalformedEvent, StripeUnavailable
from application.ports.stripe_records import EventsPage, InvoiceRecord, InvoicesPage
from domain.recovery.imported import SeenCharge

A_PAGE: Final = 100
# Of what Stripe allows an account: the rest is left to charges, which do not wait for these.
SHARE: Final = 0.5
# A name of before 2020 that only old deliveries bear; lists might refuse a name they do not know.
LISTED_TYPES: Final = READ_TYPES - {"payment_method.card_automatically_updated"}
PAST_EXPAND: Final = [
    "data.payments",
    "data.customer",
    "data.parent.subscription_details.subscription",
]

Shape = TypeVar("Shape")
_log = structlog.get_logger()


class _Transitions(doc.StatusTransitions, frozen=True):
    """When an invoice came to each of its ends."""

    finalized_at: int | None = None
    voided_at: int | None = None
    marked_uncollectible_at: int | None = None


class _Invoice(doc.Invoice, frozen=True, kw_only=True):
    """An invoice with what a list is sorted and sifted by."""

    created: int
    attempted: bool = False
    attempt_count: int = 0
    status_transitions: _Transitions = field(default_factory=_Transitions)


class _Named(Struct, frozen=True):
    id: str


class _Raws(Struct, frozen=True):
    """A page whose items are read one by one: one that is odd must not hide the others."""

    data: list[msgspec.Raw]
    has_more: bool = False


class _Charges(Struct, frozen=True):
    data: list[doc.Charge]


_named = msgspec.json.Decoder(_Named).decode
_invoice = msgspec.json.Decoder(_Invoice).decode


class StripeListings:
    """The StripeRecords port over one StripeConnection."""

    def __init__(self, connection: StripeConnection, calls_per_s: float) -> None:
        """`calls_per_s` is what an account may be asked in all."""
        self._connection = connection
        self._pace = TokenBucket(calls_per_s * SHARE, burst=1)

    async def events(
        self,
        account: str,
        types: tuple[str, ...],
        span: tuple[datetime, datetime],
        after: str | None,
    ) -> EventsPage:
        params = {"types": list(types), "created": _created(span), **_place(after)}
        page = await self._ask(account, "/v1/events", params, _Raws)
        read = [_event(raw) for raw in page.data]
        events = tuple(event for event in read if event is not None)
        return EventsPage(events=events, looked_at=len(page.data), last=_last(page))

    async def open_invoices(
        self, account: str, created_from: datetime, after: str | None
    ) -> InvoicesPage:
        created = {"gte": int(created_from.timestamp())}
        return await self._invoices(account, {"status": "open", "created": created}, after)

    async def past_invoices(
        self, account: str, span: tuple[datetime, datetime], after: str | None
    ) -> InvoicesPage:
        params = {"created": _created(span), "expand": PAST_EXPAND}
        return await self._invoices(account, params, after)

    async def charges(self, account: str, intent: str) -> tuple[SeenCharge, ...]:
        params = {"payment_intent": intent, "limit": A_PAGE}
        page = await self._ask(account, "/v1/charges", params, _Charges)
        return tuple(_seen(charge) for charge in reversed(page.data) if charge.status in DECIDED)

    async def _invoices(
        self, account: str, params: Mapping[str, Any], after: str | None
    ) -> InvoicesPage:
        page = await self._ask(account, "/v1/invoices", {**params, **_place(after)}, _Raws)
        read = [_record(raw) for raw in page.data]
        records = tuple(record for record in read if record is not None)
        return InvoicesPage(invoices=records, last=_last(page))

    async def _ask(
        self, account: str, path: str, params: Mapping[str, Any], shape: type[Shape]
    ) -> Shape:
        """Raises StripeUnavailable whatever goes wrong: a chore waits, and says why."""
        await asyncio.sleep(self._pace.reserve(account))
        try:
            body = await self._connection.call(account, ("get", path), params)
            return msgspec.json.decode(body, type=shape)
        except Exception as trouble:
            raise StripeUnavailable(_why(trouble)) from trouble


DECIDED: Final = frozenset({"succeeded", "failed"})


def _why(trouble: Exception) -> str:
    """Stripe's own code where it gave one."""
    if isinstance(trouble, TimeoutError):
        return "timeout"
    return str(getattr(trouble, "code", None) or f"{type(trouble).__name__}: {trouble}"[:200])


def _created(span: tuple[datetime, datetime]) -> dict[str, int]:
    """Whole seconds, as Stripe keeps them; the second instant is not in it."""
    since, until = span
    return {"gte": int(since.timestamp()), "lt": int(until.timestamp())}


def _place(after: str | None) -> dict[str, Any]:
    place: dict[str, Any] = {"limit": A_PAGE}
    return place if after is None else {**place, "starting_after": after}


def _last(page: _Raws) -> str | None:
    return _named(page.data[-1]).id if page.has_more and page.data else None


def _event(raw: msgspec.Raw) -> IncomingEvent | None:
    try:
        return read_envelope(bytes(raw))
    except MalformedEvent:
        _log.exception("listed_event_unreadable")
        return None


def _record(raw: msgspec.Raw) -> InvoiceRecord | None:
    try:
        listed = _invoice(raw)
        invoice = to_invoice(listed, None)
    except ValueError:  # msgspec's errors are ValueErrors
        _log.exception("listed_invoice_unreadable")
        return None
    ends = listed.status_transitions
    ended = ends.paid_at or ends.voided_at or ends.marked_uncollectible_at
    links = listed.payments.data if listed.payments else []
    intents = [link.payment.payment_intent for link in links]
    return InvoiceRecord(
        invoice=invoice,
        created_at=instant(listed.created),
        attempted=listed.attempted,
        attempt_count=listed.attempt_count,
        finalized_at=None if ends.finalized_at is None else instant(ends.finalized_at),
        ended_at=None if ended is None else instant(ended),
        intents=tuple(intent for intent in intents if intent is not None),
    )


def _seen(charge: doc.Charge) -> SeenCharge:
    failed = charge.status == "failed"
    return SeenCharge(
        charge_id=charge.id,
        at=instant(charge.created),
        amount_minor=charge.amount,
        card=charged_card(charge),
        failure=failed_charge(charge) if failed else None,
    )
