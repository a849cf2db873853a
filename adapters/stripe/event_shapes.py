"""What Stripe's events hold, as far as we read them, in the shapes of all API versions."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

LAST_SECOND: Final = 253_402_300_799  # of the year 9999: beyond it there is no datetime
# Postgres refuses the NUL character in a text, and nobody needs the rest of Unicode in an id.
Id = Annotated[str, Meta(pattern=r"\A[\x21-\x7e]{1,255}\Z")]
Seconds = Annotated[int, Meta(ge=0, le=LAST_SECOND)]


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


class Invoice(Struct, frozen=True):
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


class Named(Struct, frozen=True):
    """Any object, by its id."""

    id: Id


Ref = Id | Named | None  # an id, or the expanded object


class Owned(Struct, frozen=True):
    """A payment method and whose it is."""

    customer: Ref = None


class Pause(Struct, frozen=True):
    """How long the invoices of a subscription are not collected."""

    resumes_at: Seconds | None = None


class Subscription(Struct, frozen=True):
    """A subscription and whether its invoices are collected."""

    id: Id
    pause_collection: Pause | None = None


class InvoicePayment(Struct, frozen=True):
    """A payment of a part or all of an invoice."""

    invoice: Id | Named


class Charge(Struct, frozen=True):
    """`invoice` is only in the old shape; since 2025-03-31.basil the way there is the intent."""

    id: Id
    amount_refunded: int = 0
    invoice: Ref = None
    payment_intent: Ref = None


class Dispute(Struct, frozen=True):
    """`charge` carries the invoice where it is expanded, which no event does."""

    charge: Id | Named
    amount: int
    status: str
    payment_intent: Ref = None


read_event = msgspec.json.Decoder(Event).decode
read_invoice = msgspec.json.Decoder(Invoice).decode
read_named = msgspec.json.Decoder(Named).decode
read_owned = msgspec.json.Decoder(Owned).decode
read_subscription = msgspec.json.Decoder(Subscription).decode
read_invoice_payment = msgspec.json.Decoder(InvoicePayment).decode
read_charge = msgspec.json.Decoder(Charge).decode
read_dispute = msgspec.json.Decoder(Dispute).decode
