"""From Stripe's invoice and its payment intent to the domain's Invoice."""

from datetime import date, datetime
from typing import Final

from adapters.stripe import documents as doc
from adapters.stripe.declines import failed_charge, instant, wants_authentication
from adapters.stripe.profiles import profile_of
from adapters.stripe.slots import card_to_charge
from domain.invoice import (
    TEXTS_AGREED,
    Card,
    Customer,
    FailedCharge,
    Invoice,
    InvoiceStatus,
)

# Expanded because a decision needs the card in the slot; four levels are Stripe's limit.
# Source: docs.stripe.com/api/expanding_objects.
EXPAND_INVOICE: Final = [
    "payments",
    "default_payment_method",
    "default_source",
    "customer.invoice_settings.default_payment_method",
    "customer.default_source",
    "parent.subscription_details.subscription.default_payment_method",
    "parent.subscription_details.subscription.default_source",
]
EXPAND_INTENT: Final = ["latest_charge"]
# An uncollectible invoice may still be paid. Source: docs.stripe.com/invoicing/overview.
PAYABLE: Final = frozenset({"open", "uncollectible"})


def default_intent(invoice: doc.Invoice) -> str | None:
    """The payment intent that the next charge would use."""
    links = invoice.payments.data if invoice.payments else []
    return next((link.payment.payment_intent for link in links if link.is_default), None)


def to_invoice(invoice: doc.Invoice, intent: doc.PaymentIntent | None) -> Invoice:
    """Raises ValueError for a status that no API version has had so far."""
    failure = _last_failure(intent)
    card, slot = card_to_charge(invoice, failure)
    return Invoice(
        invoice_id=invoice.id,
        status=InvoiceStatus(invoice.status),
        amount_remaining_minor=invoice.amount_remaining,
        amount_paid_minor=invoice.amount_paid,
        currency=invoice.currency,
        number=invoice.number,
        customer=_customer(invoice),
        subscription_id=_subscription_id(invoice),
        collection=invoice.collection_method,
        billing_reason=invoice.billing_reason,
        stripe_retry_at=_instant(invoice.next_payment_attempt),
        paid_at=_instant(invoice.status_transitions.paid_at),
        card=card,
        belongs_in=slot,
        last_failure=failure,
        processing=intent is not None and intent.status == "processing",
        needs_authentication=_needs_authentication(intent, failure, card),
        hosted_url=invoice.hosted_invoice_url,
        profile=profile_of(invoice, _subscription(invoice), card),
        attempt_count=invoice.attempt_count,
        auto_advance=invoice.auto_advance,
        due_at=_instant(invoice.due_date),
    )


def _last_failure(intent: doc.PaymentIntent | None) -> FailedCharge | None:
    """The latest charge if it failed; it stays, while updates clear `last_payment_error`."""
    charge = intent.latest_charge if intent else None
    if intent is None or not isinstance(charge, doc.Charge) or charge.status != "failed":
        return None
    return failed_charge(charge, intent.last_payment_error)


def _needs_authentication(
    intent: doc.PaymentIntent | None, failure: FailedCharge | None, card: Card | None
) -> bool:
    """The bank waits for the customer; a refusal of a card that is gone does not count."""
    if intent is None:
        return False
    if intent.status == "requires_action":
        return True
    if failure is None or not wants_authentication(failure.decline):
        return False
    return card is None or failure.card is None or card.fingerprint == failure.card.fingerprint


def _customer(invoice: doc.Invoice) -> Customer | None:
    """The customer as of now; what the invoice froze at finalization fills the gaps."""
    customer = invoice.customer
    if customer is None:
        return None
    if isinstance(customer, str):
        customer = doc.Customer(id=customer)
    return Customer(
        customer_id=customer.id,
        email=customer.email or invoice.customer_email,
        name=customer.name or invoice.customer_name,
        locale=next(iter(customer.preferred_locales or ()), None),
        phone=customer.phone,
        texts_agreed_on=_day((customer.metadata or {}).get(TEXTS_AGREED, "")),
    )


def _day(told: str) -> date | None:
    """A merchant's own hand wrote it: what is no day is no word."""
    try:
        return date.fromisoformat(told)
    except ValueError:
        return None


def _subscription(invoice: doc.Invoice) -> doc.Subscription | str | None:
    details = invoice.parent.subscription_details if invoice.parent else None
    return details.subscription if details else None


def _subscription_id(invoice: doc.Invoice) -> str | None:
    subscription = _subscription(invoice)
    return subscription.id if isinstance(subscription, doc.Subscription) else subscription


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else instant(seconds)
