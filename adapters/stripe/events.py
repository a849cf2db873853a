"""The anti-corruption layer for Stripe's events, whichever API version shaped them.

An event is a hint. What both shapes agree on is read here; what only one of them tells (payment
intent, charge, decline) is never taken from an event but read anew.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from application.ports.conveyor import IncomingEvent
from application.ports.payments import MalformedEvent
from domain.recovery.signals import (
    CustomerSignal,
    InvoiceNews,
    InvoiceSignal,
    Signal,
    SubscriptionEnded,
)

LAST_SECOND: Final = 253_402_300_799  # of the year 9999: beyond it there is no datetime
# Postgres refuses the NUL character in a text, and nobody needs the rest of Unicode in an id.
Id = Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{1,255}\Z")]
Seconds = Annotated[int, Meta(ge=0, le=LAST_SECOND)]


class _Anything(Struct, frozen=True):
    """A JSON object, whatever it holds."""


class _Subject(Struct, frozen=True):
    object: _Anything


class _Envelope(Struct, frozen=True, gc=False):
    object: Literal["event"]
    id: Id
    type: Id
    livemode: bool
    created: Seconds
    data: _Subject
    account: Id | None = None


_envelope = msgspec.json.Decoder(_Envelope).decode


def read_envelope(raw: bytes) -> IncomingEvent:
    """The event as intake keeps it; raises MalformedEvent for any body that Stripe would not send.

    The body inside is only skipped over, so this costs microseconds, not its parsing.
    """
    try:
        raw.decode()  # msgspec does not check the strings it skips
        seen = _envelope(raw)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise MalformedEvent(type(error).__name__) from error
    return IncomingEvent(
        event_id=seen.id, account=seen.account, livemode=seen.livemode, type=seen.type, raw=raw
    )


class _Request(Struct, frozen=True):
    id: str | None = None
    idempotency_key: str | None = None


class _Data(Struct, frozen=True):
    object: msgspec.Raw
    previous_attributes: dict[str, Any] | None = None


class _Event(Struct, frozen=True):
    type: str
    created: Seconds
    data: _Data
    request: _Request | str | None = None  # a bare id before 2017-05-25


class _Invoice(Struct, frozen=True):
    """Fields that both shapes have; `paid_out_of_band` is only in the old one."""

    id: Id
    amount_paid: int = 0
    amount_due: int = 0
    paid_out_of_band: bool = False

    @property
    def settled_minor(self) -> int:
        """Since 2025-03-31.basil `amount_paid` counts money from outside Stripe; before it did
        not."""
        return self.amount_due if self.paid_out_of_band else self.amount_paid


class _Named(Struct, frozen=True):
    id: Id


class _Owned(Struct, frozen=True):
    customer: Id | _Named | None = None


_event = msgspec.json.Decoder(_Event).decode
_invoice = msgspec.json.Decoder(_Invoice).decode
_named = msgspec.json.Decoder(_Named).decode
_owned = msgspec.json.Decoder(_Owned).decode

# Changes of a customer that can matter to an open case; a failed charge alone already changes
# `delinquent` and `balance`, and would have us read every invoice again.
TELLING: Final = frozenset(
    {"invoice_settings", "default_source", "email", "name", "preferred_locales"}
)


def _news(news: InvoiceNews) -> Callable[[_Event], Signal]:
    def read(event: _Event) -> Signal:
        invoice = _invoice(event.data.object)
        request = event.request if isinstance(event.request, _Request) else None
        return InvoiceSignal(
            invoice_id=invoice.id,
            news=news,
            idempotency_key=request.idempotency_key if request else None,
            requested=_was_requested(event.request),
            paid_minor=invoice.settled_minor if news is InvoiceNews.PAID else 0,
            occurred_at=datetime.fromtimestamp(event.created, UTC),
        )

    return read


def _was_requested(request: _Request | str | None) -> bool:
    """Stripe's own schedule causes events without a request."""
    if isinstance(request, _Request):
        return bool(request.id or request.idempotency_key)
    return bool(request)


def _customer(event: _Event) -> Signal | None:
    changed = event.data.previous_attributes
    if changed is not None and TELLING.isdisjoint(changed):
        return None
    return CustomerSignal(customer_id=_named(event.data.object).id)


def _owner(event: _Event) -> Signal | None:
    """A payment method without a customer is nobody's."""
    customer = _owned(event.data.object).customer
    if customer is None:
        return None
    return CustomerSignal(customer_id=customer if isinstance(customer, str) else customer.id)


def _subscription(event: _Event) -> Signal:
    return SubscriptionEnded(subscription_id=_named(event.data.object).id)


# `invoice.payment_succeeded` is the twin of `invoice.paid` and is left out.
_READERS: Final[dict[str, Callable[[_Event], Signal | None]]] = {
    "invoice.payment_failed": _news(InvoiceNews.FAILED),
    "invoice.payment_action_required": _news(InvoiceNews.NEEDS_AUTHENTICATION),
    "invoice.paid": _news(InvoiceNews.PAID),
    "invoice.voided": _news(InvoiceNews.VOIDED),
    "invoice.deleted": _news(InvoiceNews.DELETED),
    "invoice.marked_uncollectible": _news(InvoiceNews.WRITTEN_OFF),
    "customer.updated": _customer,
    "payment_method.attached": _owner,
    "payment_method.updated": _owner,
    "payment_method.automatically_updated": _owner,
    "payment_method.card_automatically_updated": _owner,  # its name before 2020
    "customer.subscription.deleted": _subscription,
}


class StripeEventReader:
    """The StripeEvents port."""

    def signal(self, raw: bytes) -> Signal | None:
        """None for an event that is no news to us; MalformedEvent for one that is none."""
        try:
            event = _event(raw)
            reader = _READERS.get(event.type)
            return None if reader is None else reader(event)
        except (ValueError, RecursionError) as error:
            raise MalformedEvent(type(error).__name__) from error
