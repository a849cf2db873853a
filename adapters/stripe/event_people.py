"""What events about customers, their cards, mandates and subscriptions mean."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from adapters.stripe import event_shapes as shape
from adapters.stripe.event_shapes import Heard, Reader
from application.ports.payments import Untold
from domain.recovery.events import CardSource
from domain.recovery.signals import (
    CustomerDeleted,
    CustomerSignal,
    MandateEnded,
    RenewalAhead,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionSignal,
)

# Changes of a customer that can matter to an open case; a failed charge alone already changes
# `delinquent` and `balance`, and would have us read every invoice again.
TELLING: Final = frozenset(
    {"invoice_settings", "default_source", "email", "name", "preferred_locales"}
)
# Changes of a subscription that say that the next charge uses something else.
CHARGED_BY: Final = frozenset({"default_payment_method", "default_source"})
# Statuses in which there is nothing to chase any more, or not now.
# Source: docs.stripe.com/api/subscriptions/object (status).
ENDED: Final = frozenset({"canceled", "incomplete_expired"})
PAUSED: Final = "paused"
# A mandate that was taken back. Source: docs.stripe.com/api/mandates/object (status).
TAKEN_BACK: Final = "inactive"
# Read as what, once the thing itself has been read.
MANDATE_ENDED: Final = "payment_method.mandate_ended"
SUBSCRIPTION_NOW: Final = "subscription.now"


def customer_changed(event: shape.Event) -> Heard:
    """Whom to write to, or what to charge."""
    if event.data.previous_attributes is not None and TELLING.isdisjoint(event.changed):
        return None
    return CustomerSignal(customer_id=shape.read_named(event.data.object).id)


def customer_deleted(event: shape.Event) -> Heard:
    """There is nobody left to chase."""
    return CustomerDeleted(customer_id=shape.read_named(event.data.object).id)


def owner(by: CardSource = CardSource.CUSTOMER) -> Reader:
    """A payment method without a customer is nobody's."""

    def read(event: shape.Event) -> Heard:
        customer = shape.id_of(shape.read_owned(event.data.object).customer)
        return None if customer is None else CustomerSignal(customer_id=customer, by=by)

    return read


def former_owner(event: shape.Event) -> Heard:
    """A detached method has no customer any more; the event says whose it was."""
    customer = shape.id_of(msgspec.convert(event.changed.get("customer"), shape.Ref))
    return None if customer is None else CustomerSignal(customer_id=customer)


def set_up(event: shape.Event) -> Heard:
    """A Checkout session in which the customer put in another way to pay, and did nothing else."""
    session = shape.read_session(event.data.object)
    customer = shape.id_of(session.customer)
    if session.mode != "setup" or customer is None:
        return None
    return CustomerSignal(customer_id=customer)


def mandate_changed(event: shape.Event) -> Heard:
    """Whose method it is the mandate does not say."""
    mandate = shape.read_mandate(event.data.object)
    if mandate.status != TAKEN_BACK:
        return None
    method = shape.id_of(mandate.payment_method)
    assert method is not None
    return Untold(kind="payment_method", object_id=method, read_as=MANDATE_ENDED)


def mandate_ended(event: shape.Event) -> Heard:
    """The payment method whose mandate ended, and whose it is."""
    method = shape.read_named(event.data.object).id
    customer = shape.id_of(shape.read_owned(event.data.object).customer)
    return MandateEnded(payment_method_id=method, customer_id=customer)


def subscription_ended(event: shape.Event) -> Heard:
    """Its open invoices are not chased any more."""
    return SubscriptionEnded(subscription_id=shape.read_named(event.data.object).id)


def subscription_stands(event: shape.Event) -> Heard:
    """Paused, or going on: which of the two the subscription says now, whatever comes late."""
    return _ask(shape.read_named(event.data.object).id)


def subscription_changed(event: shape.Event) -> Heard:
    """What weighs most of what changed: its end, a pause or its end, what it is charged by."""
    now = shape.read_subscription(event.data.object)
    if "status" in event.changed:
        if now.status in ENDED:
            return SubscriptionEnded(subscription_id=now.id)
        if PAUSED in (now.status, event.changed["status"]):
            return _ask(now.id)
    if "pause_collection" in event.changed:
        return _ask(now.id)
    if not CHARGED_BY.isdisjoint(event.changed):
        return SubscriptionSignal(subscription_id=now.id)
    return None


def _ask(subscription_id: str) -> Untold:
    return Untold(kind="subscription", object_id=subscription_id, read_as=SUBSCRIPTION_NOW)


def subscription_now(event: shape.Event) -> Heard:
    """Ended, paused (perhaps until a day), or going on."""
    now = shape.read_subscription(event.data.object)
    if now.status in ENDED:
        return SubscriptionEnded(subscription_id=now.id)
    pause = now.pause_collection
    if pause is None:
        if now.status == PAUSED:
            return SubscriptionPaused(subscription_id=now.id)
        return SubscriptionResumed(subscription_id=now.id)
    until = None if pause.resumes_at is None else datetime.fromtimestamp(pause.resumes_at, UTC)
    return SubscriptionPaused(subscription_id=now.id, until=until)


def trial_ends(event: shape.Event) -> Heard:
    """The first charge is three days ahead."""
    now = shape.read_subscription(event.data.object)
    if now.trial_end is None:
        return None
    return RenewalAhead(
        renews_at=datetime.fromtimestamp(now.trial_end, UTC),
        customer_id=shape.id_of(now.customer),
        subscription_id=now.id,
    )
