"""An invoice and its card as Stripe shows them at one instant: re-read, never remembered."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.decline import Decline

# The collection method of a bill that the customer pays by hand.
# Source: docs.stripe.com/api/invoices/object#invoice_object-collection_method.
BY_HAND: Final = "send_invoice"
# The key in the metadata of Stripe's customer under which a merchant says since when they may text
# them about payments: an ISO date.
TEXTS_AGREED: Final = "chargechase_sms_consent"


class InvoiceStatus(StrEnum):
    """Stripe's own words. Source: docs.stripe.com/api/invoices/object#invoice_object-status."""

    DRAFT = "draft"
    OPEN = "open"
    PAID = "paid"
    UNCOLLECTIBLE = "uncollectible"
    VOID = "void"

    @property
    def is_payable(self) -> bool:
        """Stripe takes money for it: written off as uncollectible is not forgiven."""
        return self in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)


class Slot(StrEnum):
    """Where Stripe looks for what to charge, in its order."""

    INVOICE = "invoice"
    SUBSCRIPTION = "subscription"
    CUSTOMER = "customer"


class Card(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A payment method as far as we may keep it: never the number."""

    payment_method: str
    fingerprint: str  # Stripe's card fingerprint; the payment method's id where Stripe gives none
    brand: str | None = None
    last4: str | None = None
    funding: str | None = None
    country: str | None = None
    expires: str | None = None  # "2027-03"; None where Stripe does not say
    # Stripe's type of the payment method: card, sepa_debit, us_bank_account, ...; of a bank debit
    # `brand` is the bank's name where Stripe tells it.
    kind: str = "card"

    @property
    def scheme(self) -> str | None:
        """Whose limits hold: the network's of a card, else those of this kind of method."""
        return self.brand if self.kind == "card" else self.kind

    def differs_from(self, other: "Card") -> bool:
        """Whether a charge of this one is another matter: another method, or renewed details."""
        if self.payment_method != other.payment_method:
            return True
        return None not in (self.expires, other.expires) and self.expires != other.expires


class Customer(Struct, frozen=True, kw_only=True):
    """Whom to write to. Personal data: kept in one table, never in a case's events."""

    customer_id: str
    email: str | None = None
    name: str | None = None
    locale: str | None = None
    phone: str | None = None  # as the merchant has it in Stripe
    texts_agreed_on: date | None = None  # to texts, as the merchant says: see `TEXTS_AGREED`


class FailedCharge(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One refused charge of an invoice, the durable record of a decline."""

    charge_id: str
    at: datetime
    amount_minor: int
    decline: Decline
    card: Card | None = None


class Profile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What Stripe knows about a subscription's customer, beyond whom to write to."""

    country: str | None = None  # ISO 3166 alpha-2
    timezone: str | None = None  # IANA name; the main zone of the country where nobody knows better
    interval: str | None = None  # week, month, year (day and longer counts are folded into these)
    price: str | None = None  # Stripe's price id
    collection: str = "charge_automatically"
    subscribed_at: datetime | None = None
    monthly_minor: int | None = None  # what the subscription brings a month


def monthly_minor(amount_minor: int, interval: str | None) -> int:
    """What a subscription of this amount an interval (week, month, year) brings a month."""
    if interval == "week":
        return round(amount_minor * 52 / 12)
    return round(amount_minor / 12) if interval == "year" else amount_minor


class Invoice(Struct, frozen=True, kw_only=True):
    """What a decision needs to know of an invoice; amounts in minor units of `currency`."""

    invoice_id: str
    status: InvoiceStatus
    amount_remaining_minor: int
    amount_paid_minor: int
    currency: str
    number: str | None = None
    customer: Customer | None = None
    subscription_id: str | None = None
    collection: str = "charge_automatically"
    billing_reason: str | None = None
    stripe_retry_at: datetime | None = None  # next_payment_attempt: Stripe's own next try
    paid_at: datetime | None = None
    card: Card | None = None  # the method that the next charge would use
    belongs_in: Slot | None = None  # where `card` is to be put: a refused one lies there still
    last_failure: FailedCharge | None = None
    processing: bool = False  # a PaymentIntent is on its way: no second charge beside it
    needs_authentication: bool = False
    hosted_url: str | None = None
    profile: Profile | None = None
    attempt_count: int = 0  # by Stripe's own schedule; not a count of charges
    auto_advance: bool | None = None  # whether Stripe charges (and mails) by itself
    due_at: datetime | None = None  # of an invoice that was sent
