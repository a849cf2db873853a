"""What an event from Stripe means for a case. The event is a hint, the invoice re-read a fact."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain.invoice import Invoice, InvoiceStatus
from domain.recovery import commands as c
from domain.recovery.events import Payer, StopReason


class Origin(Struct, frozen=True, kw_only=True):
    """Who caused an event; `attempt` is our attempt's number if it was us."""

    by: Payer
    attempt: int | None = None


class InvoiceNews(StrEnum):
    """What is said to have happened to an invoice."""

    FAILED = "failed"
    NEEDS_AUTHENTICATION = "needs_authentication"
    PAID = "paid"
    VOIDED = "voided"
    WRITTEN_OFF = "written_off"
    DELETED = "deleted"


class InvoiceSignal(Struct, frozen=True, kw_only=True):
    """Something happened to one invoice."""

    invoice_id: str
    news: InvoiceNews
    idempotency_key: str | None = None  # of the request that caused it, if a request did
    requested: bool = False  # a request caused it: ours, or somebody's in the dashboard or a page
    paid_minor: int = 0
    occurred_at: datetime | None = None


class CustomerSignal(Struct, frozen=True, kw_only=True):
    """A customer's payment methods changed: open cases of theirs are worth a look."""

    customer_id: str


class SubscriptionEnded(Struct, frozen=True, kw_only=True):
    """A subscription was cancelled: its open invoices are not chased any more."""

    subscription_id: str


Signal = InvoiceSignal | CustomerSignal | SubscriptionEnded

# The first invoice of a subscription lives 23 hours and belongs to the checkout, not to us.
# Source: docs.stripe.com/billing/subscriptions/overview#subscription-statuses (incomplete).
NOT_OURS = frozenset({"subscription_create"})


def needs_reading(news: InvoiceNews) -> bool:
    """True where the event is silent about what we must know, in either shape."""
    return news in (InvoiceNews.FAILED, InvoiceNews.NEEDS_AUTHENTICATION)


def settled(signal: InvoiceSignal, origin: Origin) -> tuple[c.Command, ...]:
    """The commands of an event that says all itself: paid, voided, written off, deleted."""
    match signal.news:
        case InvoiceNews.PAID:
            return (
                c.RecordPayment(
                    amount_minor=signal.paid_minor, by=origin.by, attempt=origin.attempt
                ),
            )
        case InvoiceNews.VOIDED:
            return (c.StopCase(reason=StopReason.VOIDED),)
        case InvoiceNews.DELETED:
            return (c.StopCase(reason=StopReason.GONE),)
        case InvoiceNews.WRITTEN_OFF:
            return (c.WriteOff(),)
        case _:
            return ()


def commands_for(account: str, invoice: Invoice, origin: Origin) -> tuple[c.Command, ...]:
    """The commands that bring a case up to what Stripe shows; each is harmless if already so."""
    ended = after_settlement(invoice, origin)
    if ended:
        return ended
    if invoice.collection != "charge_automatically" or invoice.billing_reason in NOT_OURS:
        return ()
    commands: list[c.Command] = [c.OpenCase(account=account, invoice=invoice)]
    if invoice.last_failure is not None:
        commands.append(
            c.RecordDecline(failure=invoice.last_failure, by=origin.by, attempt=origin.attempt)
        )
    if invoice.needs_authentication:
        commands.append(c.RequestAuthentication(attempt=origin.attempt))
    return tuple(commands)


def after_settlement(invoice: Invoice, origin: Origin) -> tuple[c.Command, ...]:
    """The commands for an invoice that is not open any more; empty while it is."""
    match invoice.status:
        case InvoiceStatus.PAID:
            return (
                c.RecordPayment(
                    amount_minor=invoice.amount_paid_minor, by=origin.by, attempt=origin.attempt
                ),
            )
        case InvoiceStatus.VOID:
            return (c.StopCase(reason=StopReason.VOIDED),)
        case InvoiceStatus.UNCOLLECTIBLE:
            return (c.WriteOff(),)
        case _:
            return ()
