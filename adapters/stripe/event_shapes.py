"""What Stripe's events hold, as far as we read them, in the shapes of all API versions."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from application.ports.payments import Untold
from domain.recovery.signals import Signal

LAST_SECOND: Final = 253_402_300_799  # of the year 9999: beyond it there is no datetime
# Postgres refuses the NUL character in a text, and nobody needs the rest of Unicode in an id.
Id = Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{1,255}\Z")]
Seconds = Annotated[int, Meta(ge=0, le=LAST_SECOND)]
# With an offset, as ISO 8601 has it.
Instant = Annotated[datetime, Meta(tz=True)]
INVOICE_ID: Final = re.compile(r"in_[A-Za-z0-9_]{1,200}")


class Request(Struct, frozen=True):
    """Who asked for what caused an event."""

    id: str | None = None
    idempotency_key: str | None = None


class Data(Struct, frozen=True):
    """What an event is about, and what of it was otherwise before."""

    object: msgspec.Raw
    previous_attributes: dict[str, Any] | None = None


class Event(Struct, frozen=True):
    """An event, its subject unread."""

    type: str
    created: Seconds
    data: Data
    request: Request | str | None = None  # a bare id before 2017-05-25

    @property
    def changed(self) -> dict[str, Any]:
        """What of the subject was otherwise before; empty where the event does not say."""
        return self.data.previous_attributes or {}

    @property
    def happened_at(self) -> datetime:
        """To the second."""
        return datetime.fromtimestamp(self.created, UTC)

    @property
    def idempotency_key(self) -> str | None:
        """Of the request that caused it, if a request did and had one."""
        return self.request.idempotency_key if isinstance(self.request, Request) else None

    @property
    def requested(self) -> bool:
        """Stripe's own schedule causes events without a request."""
        if isinstance(self.request, Request):
            return bool(self.request.id or self.request.idempotency_key)
        return bool(self.request)


Heard = Signal | Untold | None
Reader = Callable[[Event], Heard]


class Named(Struct, frozen=True):
    """Any object, by its id."""

    id: Id


Ref = Id | Named | None  # an id, or the expanded object


def id_of(ref: Ref) -> str | None:
    """The id, whether it is expanded or not."""
    return ref.id if isinstance(ref, Named) else ref


class FinalizationError(Struct, frozen=True):
    """Why an invoice could not be issued."""

    code: str | None = None


class OfSubscription(Struct, frozen=True):
    """Whose invoice it is, since 2025-03-31.basil."""

    subscription: Ref = None


class Parent(Struct, frozen=True):
    """What an invoice comes from, since 2025-03-31.basil."""

    subscription_details: OfSubscription | None = None


class Invoice(Struct, frozen=True):
    """Fields that both shapes have; `paid_out_of_band` is only in the old one, the amounts that
    came outside Stripe or too much only in the new."""

    id: Id
    amount_paid: int = 0
    amount_due: int = 0
    paid_out_of_band: bool = False
    amount_paid_off_stripe: int | None = None
    amount_overpaid: int | None = None
    last_finalization_error: FinalizationError | None = None

    @property
    def settled_minor(self) -> int:
        """Since 2025-03-31.basil `amount_paid` counts money from outside Stripe; before it did
        not."""
        return self.amount_due if self.paid_out_of_band else self.amount_paid

    @property
    def outside_stripe(self) -> bool:
        """Whether money came by another way, and was noted here."""
        return self.paid_out_of_band or bool(self.amount_paid_off_stripe)


class Upcoming(Struct, frozen=True):
    """An invoice that is to come: it has no id. `subscription` is only in the old shape."""

    customer: Ref = None
    subscription: Ref = None
    parent: Parent | None = None
    next_payment_attempt: Seconds | None = None
    period_end: Seconds | None = None

    @property
    def subscription_id(self) -> str | None:
        """Of either shape."""
        details = self.parent.subscription_details if self.parent else None
        return id_of(self.subscription) or (id_of(details.subscription) if details else None)


class Owned(Struct, frozen=True):
    """A payment method, a card or what was set up with it, and whose it is."""

    customer: Ref = None


class Pause(Struct, frozen=True):
    """How long the invoices of a subscription are not collected."""

    resumes_at: Seconds | None = None


class Subscription(Struct, frozen=True):
    """A subscription: how it stands, and whether its invoices are collected."""

    id: Id
    customer: Ref = None
    status: str | None = None
    pause_collection: Pause | None = None
    trial_end: Seconds | None = None


class InvoicePayment(Struct, frozen=True):
    """A payment of a part or all of an invoice."""

    invoice: Id | Named


class OrderDetails(Struct, frozen=True):
    """What a payment is for; of an invoice's payment Stripe writes the invoice's id here."""

    order_reference: str | None = None


class PaymentIntent(Struct, frozen=True):
    """`invoice` is only in the old shape. Since 2025-03-31.basil `payment_details` often says it,
    which is not documented: the list of invoice payments is the way that is."""

    id: Id
    customer: Ref = None
    customer_account: str | None = None
    invoice: Ref = None
    latest_charge: Ref = None
    payment_details: OrderDetails | None = None

    @property
    def invoice_id(self) -> str | None:
        """As far as the payment says it itself."""
        order = self.payment_details.order_reference if self.payment_details else None
        return id_of(self.invoice) or (order if order and INVOICE_ID.fullmatch(order) else None)


class Charge(Struct, frozen=True):
    """`invoice` is only in the old shape; since 2025-03-31.basil the way there is the intent."""

    id: Id
    amount_refunded: int = 0
    customer: Ref = None
    invoice: Ref = None
    payment_intent: Ref = None


class OfCharge(Struct, frozen=True):
    """A refund: of which charge; None for one of a balance, which no charge brought."""

    charge: Ref = None


class Dispute(Struct, frozen=True):
    """`charge` carries the invoice where it is expanded, which no event does."""

    charge: Id | Named
    amount: int
    status: str
    payment_intent: Ref = None


class FraudWarning(Struct, frozen=True):
    """An early fraud warning."""

    charge: Id | Named
    payment_intent: Ref = None


class Mandate(Struct, frozen=True):
    """A customer's permission to debit."""

    payment_method: Id | Named
    status: str


class Session(Struct, frozen=True):
    """A Checkout session, and what it was for."""

    mode: str | None = None
    customer: Ref = None


read_event = msgspec.json.Decoder(Event).decode
read_invoice = msgspec.json.Decoder(Invoice).decode
read_upcoming = msgspec.json.Decoder(Upcoming).decode
read_named = msgspec.json.Decoder(Named).decode
read_owned = msgspec.json.Decoder(Owned).decode
read_subscription = msgspec.json.Decoder(Subscription).decode
read_invoice_payment = msgspec.json.Decoder(InvoicePayment).decode
read_payment_intent = msgspec.json.Decoder(PaymentIntent).decode
read_charge = msgspec.json.Decoder(Charge).decode
read_of_charge = msgspec.json.Decoder(OfCharge).decode
read_dispute = msgspec.json.Decoder(Dispute).decode
read_warning = msgspec.json.Decoder(FraudWarning).decode
read_mandate = msgspec.json.Decoder(Mandate).decode
read_session = msgspec.json.Decoder(Session).decode
