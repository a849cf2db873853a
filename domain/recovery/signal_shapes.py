"""What Stripe's events can mean to us: shapes only. What they ask of a case is in `signals`."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain.recovery.events import CardSource, DisputeState, Payer


class Origin(Struct, frozen=True, kw_only=True):
    """Who caused an event, and when; `attempt` is our attempt's number if it was us.

    Without `at` whatever an invoice shows is taken for what the event tells of.
    """

    by: Payer
    attempt: int | None = None
    at: datetime | None = None


class InvoiceNews(StrEnum):
    """What is said to have happened to an invoice."""

    FAILED = "failed"
    NEEDS_AUTHENTICATION = "needs_authentication"
    PAID = "paid"
    VOIDED = "voided"
    WRITTEN_OFF = "written_off"
    DELETED = "deleted"
    CHANGED = "changed"  # another amount, or a part or all of it paid
    DUE = "due"  # a bill to be paid by hand is due soon, or overdue
    ELSEWHERE = "elsewhere"  # it is to be paid outside Stripe


class InvoiceSignal(Struct, frozen=True, kw_only=True):
    """Something happened to one invoice."""

    invoice_id: str
    news: InvoiceNews
    idempotency_key: str | None = None  # of the request that caused it, if a request did
    requested: bool = False  # a request caused it: ours, or somebody's in the dashboard or a page
    outside_stripe: bool = False  # the merchant noted money that came by another way
    paid_minor: int = 0
    occurred_at: datetime | None = None


class PaymentSignal(Struct, frozen=True, kw_only=True):
    """Something happened to a payment, which may be for an invoice; its intent leads there.

    Older shapes name the invoice.
    """

    news: InvoiceNews
    payment_intent_id: str | None = None
    charge_id: str | None = None  # the latest, where it was refused
    invoice_id: str | None = None
    customer_id: str | None = None
    idempotency_key: str | None = None
    requested: bool = False
    occurred_at: datetime | None = None

    def of_invoice(self, invoice_id: str) -> InvoiceSignal:
        """The same news, as news of the invoice that the payment is for."""
        return InvoiceSignal(
            invoice_id=invoice_id,
            news=self.news,
            idempotency_key=self.idempotency_key,
            requested=self.requested,
            occurred_at=self.occurred_at,
        )


class CustomerSignal(Struct, frozen=True, kw_only=True):
    """A customer's payment methods changed: open cases of theirs are worth a look."""

    customer_id: str
    by: CardSource = CardSource.CUSTOMER


class SubscriptionSignal(Struct, frozen=True, kw_only=True):
    """What a subscription is charged by changed: open cases of it are worth a look."""

    subscription_id: str


class CustomerDeleted(Struct, frozen=True, kw_only=True):
    """The customer is gone from Stripe, and the debts with them."""

    customer_id: str


class SubscriptionEnded(Struct, frozen=True, kw_only=True):
    """A subscription was cancelled: its open invoices are not chased any more."""

    subscription_id: str


class SubscriptionPaused(Struct, frozen=True, kw_only=True):
    """The merchant paused a subscription in Stripe, or its collection, perhaps until a day."""

    subscription_id: str
    until: datetime | None = None


class SubscriptionResumed(Struct, frozen=True, kw_only=True):
    """It goes on."""

    subscription_id: str


class RenewalAhead(Struct, frozen=True, kw_only=True):
    """A customer will be charged at `renews_at`: time to look whether the card will do."""

    renews_at: datetime
    customer_id: str | None = None
    subscription_id: str | None = None


class RefundSignal(Struct, frozen=True, kw_only=True):
    """Money of a charge went back; `refunded_minor` is all of it so far.

    Newer shapes name no invoice: then the payment intent leads to it.
    """

    charge_id: str
    refunded_minor: int
    invoice_id: str | None = None
    payment_intent_id: str | None = None


class DisputeSignal(Struct, frozen=True, kw_only=True):
    """A charge is disputed, or its dispute was decided."""

    charge_id: str
    amount_minor: int
    state: DisputeState
    invoice_id: str | None = None
    payment_intent_id: str | None = None


class FraudWarning(Struct, frozen=True, kw_only=True):
    """A card's issuer believes that a payment was fraud: a dispute is likely to follow."""

    charge_id: str
    invoice_id: str | None = None
    payment_intent_id: str | None = None


class MandateEnded(Struct, frozen=True, kw_only=True):
    """The permission to debit a bank account was taken back: that method pays nothing any more."""

    payment_method_id: str
    customer_id: str | None = None


class NoticeKind(StrEnum):
    """What a merchant ought to look at in Stripe."""

    OVERPAID = "overpaid"  # more came than the invoice asked for
    NOT_FINALIZED = "not_finalized"  # an invoice could not be issued, so nobody is charged


class Notice(Struct, frozen=True, kw_only=True):
    """Something about an invoice that only the merchant can put right, in Stripe.

    `amount_minor` is what came too much; `detail` is Stripe's code for what stands in the way.
    """

    kind: NoticeKind
    invoice_id: str
    amount_minor: int = 0
    detail: str | None = None


class AccountChanged(Struct, frozen=True, kw_only=True):
    """What the Stripe account may do changed, or our access to it: worth a look at both."""


class Disconnected(Struct, frozen=True, kw_only=True):
    """The merchant took our access to the Stripe account away: all its cases stop. `at` tells when,
    so that one who has agreed again since is not taken for gone."""

    at: datetime | None = None


# An event that says all itself: what it asks of every case that it concerns.
Plain = (
    CustomerDeleted
    | SubscriptionEnded
    | SubscriptionPaused
    | SubscriptionResumed
    | RefundSignal
    | DisputeSignal
    | FraudWarning
    | MandateEnded
    | Disconnected
)
Signal = (
    InvoiceSignal
    | PaymentSignal
    | CustomerSignal
    | SubscriptionSignal
    | RenewalAhead
    | Notice
    | AccountChanged
    | Plain
)
