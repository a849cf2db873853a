"""Stripe's objects as far as we read them; checked by msgspec, everything else ignored.

Fields that `expand[]` may turn from an id into an object are unions; values of open enums stay
plain strings, since Stripe adds to them without notice.
"""

from typing import Any

from msgspec import Struct, field


class MethodDetails(Struct, frozen=True):
    """The part of a payment method that its type names; cards and bank debits share it."""

    brand: str | None = None
    last4: str | None = None
    funding: str | None = None
    country: str | None = None
    fingerprint: str | None = None
    network: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    bank_name: str | None = None  # of bank debits, where the bank is known
    wallet: dict[str, Any] | None = None  # a phone's wallet stands for the card


class PaymentMethod(Struct, frozen=True):
    """A PaymentMethod, or a legacy Card source, which has the details at its top level."""

    id: str
    created: int | None = None  # of a PaymentMethod
    type: str | None = None
    card: MethodDetails | None = None
    sepa_debit: MethodDetails | None = None
    us_bank_account: MethodDetails | None = None
    bacs_debit: MethodDetails | None = None
    acss_debit: MethodDetails | None = None
    au_becs_debit: MethodDetails | None = None
    nz_bank_account: MethodDetails | None = None
    brand: str | None = None
    last4: str | None = None
    funding: str | None = None
    country: str | None = None
    fingerprint: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None


class PaymentMethods(Struct, frozen=True):
    """A customer's."""

    data: list[PaymentMethod]


class ChargeOutcome(Struct, frozen=True):
    """What Radar, the network and the issuer said about a charge."""

    type: str | None = None
    reason: str | None = None
    advice_code: str | None = None
    network_advice_code: str | None = None
    network_decline_code: str | None = None


class Charge(Struct, frozen=True):
    """One authorization."""

    id: str
    status: str
    amount: int
    created: int
    payment_method: str | None = None
    payment_method_details: dict[str, Any] | None = None
    failure_code: str | None = None
    outcome: ChargeOutcome | None = None


class PaymentError(Struct, frozen=True):
    """`last_payment_error`, and the body of a 402: the decline as it was told to the caller."""

    type: str | None = None
    code: str | None = None
    message: str | None = None  # only looked into where Stripe has no code for what it says
    decline_code: str | None = None
    advice_code: str | None = None
    network_advice_code: str | None = None
    network_decline_code: str | None = None
    charge: str | None = None
    payment_method: PaymentMethod | None = None
    payment_intent: "PaymentIntent | None" = None


class Refusal(Struct, frozen=True):
    """The body of anything but a 2xx."""

    error: PaymentError


class PaymentIntent(Struct, frozen=True):
    """What is to pay an invoice."""

    id: str
    status: str
    amount: int
    created: int
    latest_charge: Charge | str | None = None
    last_payment_error: PaymentError | None = None


class Payment(Struct, frozen=True):
    """The inside of an InvoicePayment."""

    payment_intent: str | None = None


class InvoicePayment(Struct, frozen=True):
    """A link from an invoice to what is to pay it."""

    is_default: bool
    payment: Payment


class PaymentOfInvoice(Struct, frozen=True):
    """An InvoicePayment, seen from the payment."""

    invoice: str


class PaymentsOfIntent(Struct, frozen=True):
    """The invoices that a payment intent paid: one, as long as nobody splits payments."""

    data: list[PaymentOfInvoice]


class Ended(Struct, frozen=True):
    """An invoice that was written off, or a subscription that was cancelled."""

    id: str


class InvoicePayments(Struct, frozen=True):
    """Only there when expanded."""

    data: list[InvoicePayment]


class Address(Struct, frozen=True):
    """Where somebody lives, as far as a decision cares."""

    country: str | None = None


class InvoiceSettings(Struct, frozen=True):
    """A customer's defaults."""

    default_payment_method: PaymentMethod | str | None = None


class Customer(Struct, frozen=True):
    """A customer, or `deleted: true` and nothing else."""

    id: str
    email: str | None = None
    name: str | None = None
    preferred_locales: list[str] | None = None
    address: Address | None = None
    invoice_settings: InvoiceSettings = field(default_factory=InvoiceSettings)
    default_source: PaymentMethod | str | None = None
    phone: str | None = None
    metadata: dict[str, str] | None = None


class Recurring(Struct, frozen=True):
    """How often a price is due."""

    interval: str  # day, week, month, year
    interval_count: int = 1


class Price(Struct, frozen=True):
    """What is sold; `unit_amount` is null for tiers and for fractions of a cent."""

    id: str
    unit_amount: int | None = None
    recurring: Recurring | None = None


class Item(Struct, frozen=True):
    """One price of a subscription; a metered one has no quantity."""

    price: Price | None = None
    quantity: int | None = None


class Items(Struct, frozen=True):
    """All prices of a subscription."""

    data: list[Item] = []


class Subscription(Struct, frozen=True):
    """The subscription that an invoice bills."""

    id: str
    start_date: int | None = None
    items: Items | None = None
    default_payment_method: PaymentMethod | str | None = None
    default_source: PaymentMethod | str | None = None


class SubscriptionDetails(Struct, frozen=True):
    """Where an invoice names its subscription."""

    subscription: Subscription | str | None = None


class Parent(Struct, frozen=True):
    """What an invoice comes from; null for one made by hand."""

    subscription_details: SubscriptionDetails | None = None


class PriceDetails(Struct, frozen=True):
    """The price of a line since 2025-03-31.basil."""

    price: Price | str | None = None


class Pricing(Struct, frozen=True):
    """What a line was priced by."""

    price_details: PriceDetails | None = None


class Period(Struct, frozen=True):
    """What a line is for, in seconds since 1970."""

    start: int
    end: int


class Line(Struct, frozen=True):
    """One line of an invoice, in either shape: `price` before 2025-03-31.basil, `pricing` since."""

    amount: int = 0
    period: Period | None = None
    pricing: Pricing | None = None
    price: Price | None = None


class Lines(Struct, frozen=True):
    """The first lines of an invoice; Stripe shows at most ten."""

    data: list[Line] = []


class StatusTransitions(Struct, frozen=True):
    """When an invoice changed its status."""

    paid_at: int | None = None


class Invoice(Struct, frozen=True):
    """An invoice in the shape of the pinned API version."""

    id: str
    status: str
    currency: str
    amount_remaining: int
    amount_paid: int
    collection_method: str
    billing_reason: str | None = None
    number: str | None = None
    customer: Customer | str | None = None
    customer_email: str | None = None
    customer_name: str | None = None
    customer_address: Address | None = None
    lines: Lines | None = None
    default_payment_method: PaymentMethod | str | None = None
    default_source: PaymentMethod | str | None = None
    hosted_invoice_url: str | None = None
    next_payment_attempt: int | None = None
    attempt_count: int = 0
    auto_advance: bool | None = None
    due_date: int | None = None
    parent: Parent | None = None
    payments: InvoicePayments | None = None
    status_transitions: StatusTransitions = field(default_factory=StatusTransitions)
