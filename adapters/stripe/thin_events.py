"""Thin events: a type, the id of the thing that it is about, and no word more, in no version.

Most names are those of snapshot events behind a `v1.`; what such an event means follows from the
id alone, or from the thing once it has been read. Source: docs.stripe.com/event-destinations.
"""

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from adapters.stripe import event_shapes as shape
from adapters.stripe.event_invoices import invoice_signal
from adapters.stripe.event_people import SUBSCRIPTION_NOW
from adapters.stripe.event_returns import CHARGE_NOW
from adapters.stripe.event_shapes import Heard
from application.ports.payments import Untold
from domain.recovery.signals import (
    AccountChanged,
    CustomerDeleted,
    CustomerSignal,
    Disconnected,
    InvoiceNews,
    PaymentSignal,
    SubscriptionEnded,
    SubscriptionSignal,
)

OBJECT: Final = "v2.core.event"
PREFIX: Final = "v1."
NO_SUBJECT: Final = msgspec.Raw(b"{}")


class Reason(Struct, frozen=True):
    """The request that caused an event, if one did."""

    request: shape.Request | None = None


class Thin(Struct, frozen=True):
    """A notification as it is delivered. `related_object` is absent where there is no one thing."""

    type: str
    created: shape.Instant
    reason: Reason | None = None
    related_object: shape.Named | None = None

    @property
    def name(self) -> str:
        """The snapshot event's type."""
        return self.type.removeprefix(PREFIX)

    def as_event(self, kind: str, subject: msgspec.Raw = NO_SUBJECT) -> shape.Event:
        """The snapshot event that tells the same, its subject as it is now."""
        return shape.Event(
            type=kind,
            created=int(self.created.timestamp()),
            data=shape.Data(object=subject),
            request=self.reason.request if self.reason else None,
        )


read_thin = msgspec.json.Decoder(Thin).decode
Answer = Callable[[Thin, str], Heard]  # what an event about the thing of this id means


def _news(news: InvoiceNews) -> Answer:
    return lambda thin, key: invoice_signal(thin.as_event(thin.name), key, news)


def _payment(news: InvoiceNews) -> Answer:
    def answer(thin: Thin, key: str) -> Heard:
        event = thin.as_event(thin.name)
        return PaymentSignal(
            news=news,
            payment_intent_id=key,
            idempotency_key=event.idempotency_key,
            requested=event.requested,
            occurred_at=event.happened_at,
        )

    return answer


def _untold(kind: str, read_as: str | None = None) -> Answer:
    return lambda thin, key: Untold(kind=kind, object_id=key, read_as=read_as or thin.name)


# By the snapshot's name, for what the id alone says.
ANSWERS: Final[dict[str, Answer]] = {
    "invoice.payment_failed": _news(InvoiceNews.FAILED),
    "invoice.payment_action_required": _news(InvoiceNews.NEEDS_AUTHENTICATION),
    "invoice.payment_attempt_required": _news(InvoiceNews.ELSEWHERE),
    "invoice.paid": _news(InvoiceNews.CHANGED),
    "invoice.voided": _news(InvoiceNews.CHANGED),
    "invoice.marked_uncollectible": _news(InvoiceNews.CHANGED),
    "invoice.updated": _news(InvoiceNews.CHANGED),
    "invoice.deleted": _news(InvoiceNews.DELETED),
    "invoice.will_be_due": _news(InvoiceNews.DUE),
    "invoice.overdue": _news(InvoiceNews.DUE),
    "invoice.overpaid": _untold("invoice"),
    "invoice.finalization_failed": _untold("invoice"),
    "invoice_payment.paid": _untold("invoice_payment"),
    "payment_intent.payment_failed": _payment(InvoiceNews.FAILED),
    "payment_intent.requires_action": _payment(InvoiceNews.NEEDS_AUTHENTICATION),
    "payment_intent.succeeded": _payment(InvoiceNews.CHANGED),
    "payment_intent.processing": _payment(InvoiceNews.CHANGED),
    "payment_intent.canceled": _payment(InvoiceNews.CHANGED),
    "charge.failed": _untold("charge"),
    "charge.succeeded": _untold("charge"),
    "charge.refunded": _untold("charge", CHARGE_NOW),
    "charge.refund.updated": _untold("refund"),
    "refund.created": _untold("refund"),
    "refund.updated": _untold("refund"),
    "refund.failed": _untold("refund"),
    "charge.dispute.created": _untold("dispute"),
    "charge.dispute.updated": _untold("dispute"),
    "charge.dispute.funds_withdrawn": _untold("dispute"),
    "charge.dispute.funds_reinstated": _untold("dispute"),
    "charge.dispute.closed": _untold("dispute"),
    "radar.early_fraud_warning.created": _untold("radar.early_fraud_warning"),
    "customer.updated": lambda _, key: CustomerSignal(customer_id=key),
    "customer.deleted": lambda _, key: CustomerDeleted(customer_id=key),
    "payment_method.attached": _untold("payment_method"),
    "payment_method.updated": _untold("payment_method"),
    "payment_method.automatically_updated": _untold("payment_method"),
    "setup_intent.succeeded": _untold("setup_intent"),
    "checkout.session.completed": _untold("checkout.session"),
    "mandate.updated": _untold("mandate"),
    "customer.subscription.updated": _untold("subscription", SUBSCRIPTION_NOW),
    "customer.subscription.trial_will_end": _untold("subscription"),
    "customer.subscription.deleted": lambda _, key: SubscriptionEnded(subscription_id=key),
    "customer.subscription.paused": _untold("subscription", SUBSCRIPTION_NOW),
    "customer.subscription.resumed": _untold("subscription", SUBSCRIPTION_NOW),
    "account.updated": lambda _thin, _key: AccountChanged(),
    "account.application.authorized": lambda _thin, _key: AccountChanged(),
    "account.application.deauthorized": lambda thin, _key: Disconnected(at=thin.created),
    # These have no snapshot event.
    "customer.subscription.incomplete_expired": lambda _, key: SubscriptionEnded(
        subscription_id=key
    ),
    "customer.subscription.default_payment_method_changed": lambda _, key: SubscriptionSignal(
        subscription_id=key
    ),
}

# Understood, and nothing to do: why. Beside these the reasons of the snapshot events hold.
IDLE: Final[dict[str, str]] = {
    "invoice.upcoming": "an invoice to come has no id to be read by; expiry is computed daily",
    "payment_method.detached": "nobody says any more whose it was; each charge looks first",
    "invoice_payment.open": "a payment is planned: nothing has happened yet",
    "invoice_payment.canceled": "`invoice.updated` tells what is left to pay",
    "customer.subscription.active": "`invoice.paid` tells of the payment behind it",
    "customer.subscription.trialing": "nothing is owed in a trial",
    "customer.subscription.incomplete": "its first invoice belongs to the checkout",
    "customer.subscription.past_due": "`invoice.payment_failed` tells of the refusal behind it",
    "customer.subscription.unpaid": "its invoices stay open: each is chased to its own end",
}
NEEDS_NO_THING: Final = frozenset(
    {"account.updated", "account.application.authorized", "account.application.deauthorized"}
)


def hear(thin: Thin) -> Heard:
    """What a thin event means; None if nothing to us."""
    answer = ANSWERS.get(thin.name) if thin.type.startswith(PREFIX) else None
    if answer is None:
        return None
    if thin.related_object is not None:
        return answer(thin, thin.related_object.id)
    if thin.name in NEEDS_NO_THING:
        return answer(thin, "")
    raise ValueError("no related object")
