"""Where Stripe finds what it charges, and what it does not find by itself.

Stripe takes the first of: the invoice's method, the subscription's, the customer's. A card that the
customer gives after a refusal often lands in a lower slot, while a higher one holds the refused
card: Stripe would charge that again and again.
Source: docs.stripe.com/api/invoices/object#invoice_object-default_payment_method, and the same
field of subscription and customer.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from adapters.stripe import documents as doc
from adapters.stripe.declines import card_of, instant
from domain.invoice import Card, FailedCharge, Slot

Holder = doc.Invoice | doc.Subscription | doc.InvoiceSettings | doc.Customer


class _Held(Struct, frozen=True):
    """A card in a slot; `given_at` is None where Stripe does not say (legacy sources)."""

    slot: Slot
    card: Card
    given_at: datetime | None


def card_to_charge(
    invoice: doc.Invoice, failure: FailedCharge | None
) -> tuple[Card | None, Slot | None]:
    """The card for the next charge; and, if Stripe would not take it by itself, the slot in which
    the refused one lies still."""
    held = list(_held(invoice))
    if not held:
        return None, None
    first = held[0]
    other = next((each for each in held[1:] if _replaces(each, first, failure)), None)
    return (first.card, None) if other is None else (other.card, first.slot)


def _replaces(other: _Held, first: _Held, failure: FailedCharge | None) -> bool:
    """Given after the card in the first slot was refused; or charged in its place since."""
    if failure is None or failure.card is None or other.given_at is None:
        return False
    if _same(other.card, first.card):
        return False
    if _same(failure.card, first.card):
        return other.given_at >= failure.at
    given_later = first.given_at is not None and other.given_at > first.given_at
    return given_later and _same(failure.card, other.card)


def _held(invoice: doc.Invoice) -> Iterator[_Held]:
    for slot, holder in _holders(invoice):
        for name in ("default_payment_method", "default_source"):
            method = getattr(holder, name, None)
            card = card_of(method)
            if card is not None:
                yield _Held(slot, card, _given_at(method))


def _holders(invoice: doc.Invoice) -> Iterator[tuple[Slot, Holder]]:
    yield Slot.INVOICE, invoice
    details = invoice.parent.subscription_details if invoice.parent else None
    if details is not None and isinstance(details.subscription, doc.Subscription):
        yield Slot.SUBSCRIPTION, details.subscription
    if isinstance(invoice.customer, doc.Customer):
        yield Slot.CUSTOMER, invoice.customer.invoice_settings
        yield Slot.CUSTOMER, invoice.customer


def _given_at(method: doc.PaymentMethod | str | None) -> datetime | None:
    created = method.created if isinstance(method, doc.PaymentMethod) else None
    return None if created is None else instant(created)


def _same(one: Card, other: Card) -> bool:
    return one.fingerprint == other.fingerprint
