"""The anti-corruption layer for Stripe's events, whichever API version shaped them.

An event is a hint. What both shapes agree on is read here; what only one of them tells (payment
intent, charge, decline) is never taken from an event but read anew.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec
from msgspec import Struct

from adapters.stripe import event_shapes as shape
from application.ports.conveyor import IncomingEvent
from application.ports.payments import MalformedEvent
from domain.recovery.events import CardSource, DisputeState
from domain.recovery.signals import (
    CustomerDeleted,
    CustomerSignal,
    Disconnected,
    DisputeSignal,
    InvoiceNews,
    InvoiceSignal,
    RefundSignal,
    Signal,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
)


class _Anything(Struct, frozen=True):
    """A JSON object, whatever it holds."""


class _Subject(Struct, frozen=True):
    object: _Anything


class _Envelope(Struct, frozen=True, gc=False):
    object: Literal["event"]
    id: shape.Id
    type: shape.Id
    livemode: bool
    created: shape.Seconds
    data: _Subject
    account: shape.Id | None = None


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


# Changes of a customer that can matter to an open case; a failed charge alone already changes
# `delinquent` and `balance`, and would have us read every invoice again.
TELLING: Final = frozenset(
    {"invoice_settings", "default_source", "email", "name", "preferred_locales"}
)
# Changes of an invoice that say that something was paid, credited, or will be tried by Stripe.
MOVED: Final = frozenset({"amount_paid", "amount_remaining", "next_payment_attempt"})
# How a dispute that is closed ended. Source: docs.stripe.com/api/disputes/object (status).
CLOSED: Final = {
    "won": DisputeState.WON,
    "warning_closed": DisputeState.WON,
    "lost": DisputeState.LOST,
}


def _id(ref: shape.Id | shape.Named) -> str:
    return ref if isinstance(ref, str) else ref.id


def _maybe_id(ref: shape.Ref) -> str | None:
    return None if ref is None else _id(ref)


def _news(news: InvoiceNews) -> Callable[[shape.Event], Signal]:
    def read(event: shape.Event) -> Signal:
        invoice = shape.read_invoice(event.data.object)
        request = event.request if isinstance(event.request, shape.Request) else None
        return InvoiceSignal(
            invoice_id=invoice.id,
            news=news,
            idempotency_key=request.idempotency_key if request else None,
            requested=_was_requested(event.request),
            paid_minor=invoice.settled_minor if news is InvoiceNews.PAID else 0,
            occurred_at=datetime.fromtimestamp(event.created, UTC),
        )

    return read


def _was_requested(request: shape.Request | str | None) -> bool:
    """Stripe's own schedule causes events without a request."""
    if isinstance(request, shape.Request):
        return bool(request.id or request.idempotency_key)
    return bool(request)


def _changed(event: shape.Event) -> Signal | None:
    changed = event.data.previous_attributes
    if changed is None or MOVED.isdisjoint(changed):
        return None
    return _news(InvoiceNews.CHANGED)(event)


def _part_paid(event: shape.Event) -> Signal:
    """A part or all of an invoice was paid; which of the two the invoice itself says."""
    request = event.request if isinstance(event.request, shape.Request) else None
    return InvoiceSignal(
        invoice_id=_id(shape.read_invoice_payment(event.data.object).invoice),
        news=InvoiceNews.CHANGED,
        idempotency_key=request.idempotency_key if request else None,
        requested=_was_requested(event.request),
        occurred_at=datetime.fromtimestamp(event.created, UTC),
    )


def _customer(event: shape.Event) -> Signal | None:
    changed = event.data.previous_attributes
    if changed is not None and TELLING.isdisjoint(changed):
        return None
    return CustomerSignal(customer_id=shape.read_named(event.data.object).id)


def _customer_deleted(event: shape.Event) -> Signal:
    return CustomerDeleted(customer_id=shape.read_named(event.data.object).id)


def _owner(by: CardSource = CardSource.CUSTOMER) -> Callable[[shape.Event], Signal | None]:
    """A payment method without a customer is nobody's."""

    def read(event: shape.Event) -> Signal | None:
        customer = _maybe_id(shape.read_owned(event.data.object).customer)
        return None if customer is None else CustomerSignal(customer_id=customer, by=by)

    return read


def _former_owner(event: shape.Event) -> Signal | None:
    """A detached method has no customer any more; the event says whose it was."""
    before = (event.data.previous_attributes or {}).get("customer")
    customer = _maybe_id(msgspec.convert(before, shape.Ref))
    return None if customer is None else CustomerSignal(customer_id=customer)


def _subscription_ended(event: shape.Event) -> Signal:
    return SubscriptionEnded(subscription_id=shape.read_named(event.data.object).id)


def _subscription_paused(event: shape.Event) -> Signal:
    return SubscriptionPaused(subscription_id=shape.read_named(event.data.object).id, until=None)


def _subscription_resumed(event: shape.Event) -> Signal:
    return SubscriptionResumed(subscription_id=shape.read_named(event.data.object).id)


def _subscription_changed(event: shape.Event) -> Signal | None:
    """Only whether its invoices are to be collected matters; all else is told elsewhere."""
    if "pause_collection" not in (event.data.previous_attributes or {}):
        return None
    changed = shape.read_subscription(event.data.object)
    pause = changed.pause_collection
    if pause is None:
        return SubscriptionResumed(subscription_id=changed.id)
    until = None if pause.resumes_at is None else datetime.fromtimestamp(pause.resumes_at, UTC)
    return SubscriptionPaused(subscription_id=changed.id, until=until)


def _refund(event: shape.Event) -> Signal:
    charge = shape.read_charge(event.data.object)
    return RefundSignal(
        charge_id=charge.id,
        invoice_id=_maybe_id(charge.invoice),
        payment_intent_id=_maybe_id(charge.payment_intent),
        refunded_minor=charge.amount_refunded,
    )


def _disputed(event: shape.Event) -> Signal:
    return _dispute_signal(shape.read_dispute(event.data.object), DisputeState.OPEN)


def _dispute_closed(event: shape.Event) -> Signal | None:
    dispute = shape.read_dispute(event.data.object)
    state = CLOSED.get(dispute.status)
    return None if state is None else _dispute_signal(dispute, state)


def _dispute_signal(dispute: shape.Dispute, state: DisputeState) -> Signal:
    return DisputeSignal(
        charge_id=_id(dispute.charge),
        invoice_id=None,
        payment_intent_id=_maybe_id(dispute.payment_intent),
        amount_minor=dispute.amount,
        state=state,
    )


def _disconnected(_: shape.Event) -> Signal:
    return Disconnected()


# `invoice.payment_succeeded` is the twin of `invoice.paid` and is left out.
_READERS: Final[dict[str, Callable[[shape.Event], Signal | None]]] = {
    "invoice.payment_failed": _news(InvoiceNews.FAILED),
    "invoice.payment_action_required": _news(InvoiceNews.NEEDS_AUTHENTICATION),
    "invoice.paid": _news(InvoiceNews.PAID),
    "invoice.voided": _news(InvoiceNews.VOIDED),
    "invoice.deleted": _news(InvoiceNews.DELETED),
    "invoice.marked_uncollectible": _news(InvoiceNews.WRITTEN_OFF),
    "invoice.updated": _changed,
    "invoice_payment.paid": _part_paid,
    "customer.updated": _customer,
    "customer.deleted": _customer_deleted,
    "payment_method.attached": _owner(),
    "payment_method.updated": _owner(),
    "payment_method.detached": _former_owner,
    "payment_method.automatically_updated": _owner(CardSource.NETWORK),
    "payment_method.card_automatically_updated": _owner(CardSource.NETWORK),  # until 2020
    "customer.subscription.deleted": _subscription_ended,
    "customer.subscription.paused": _subscription_paused,
    "customer.subscription.resumed": _subscription_resumed,
    "customer.subscription.updated": _subscription_changed,
    "charge.refunded": _refund,
    "charge.dispute.created": _disputed,
    "charge.dispute.closed": _dispute_closed,
    "account.application.deauthorized": _disconnected,
}

# What an endpoint must be sent; the runbook lists the same.
READ_TYPES: Final = frozenset(_READERS)


class StripeEventReader:
    """The StripeEvents port."""

    def signal(self, raw: bytes) -> Signal | None:
        """None for an event that is no news to us; MalformedEvent for one that is none."""
        try:
            event = shape.read_event(raw)
            reader = _READERS.get(event.type)
            return None if reader is None else reader(event)
        except (ValueError, RecursionError) as error:
            raise MalformedEvent(type(error).__name__) from error
