"""What an event from Stripe means for a case. The event is a hint, the invoice re-read a fact."""

from datetime import datetime
from enum import StrEnum
from typing import assert_never

from msgspec import Struct

from domain.invoice import Invoice, InvoiceStatus
from domain.recovery import commands as c
from domain.recovery.events import CardSource, DisputeState, Pauser, Payer, StopReason


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
    CHANGED = "changed"  # another amount, or a part of it paid


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
    by: CardSource = CardSource.CUSTOMER


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


class Disconnected(Struct, frozen=True, kw_only=True):
    """The merchant took our access to the Stripe account away: all its cases stop."""


# An event that says all itself: what it asks of every case that it concerns.
Plain = (
    CustomerDeleted
    | SubscriptionEnded
    | SubscriptionPaused
    | SubscriptionResumed
    | RefundSignal
    | DisputeSignal
    | Disconnected
)
Signal = InvoiceSignal | CustomerSignal | Plain

# The first invoice of a subscription lives 23 hours and belongs to the checkout, not to us.
# Source: docs.stripe.com/billing/subscriptions/overview#subscription-statuses (incomplete).
NOT_OURS = frozenset({"subscription_create"})
SILENT = frozenset({InvoiceNews.FAILED, InvoiceNews.NEEDS_AUTHENTICATION, InvoiceNews.CHANGED})


def needs_reading(news: InvoiceNews) -> bool:
    """True where the event is silent about what we must know, in either shape."""
    return news in SILENT


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


def commands_of(signal: Plain) -> tuple[c.Command, ...]:
    """What an event that says all itself asks of each case that it concerns."""
    match signal:
        case CustomerDeleted():
            return (c.StopCase(reason=StopReason.CUSTOMER_DELETED),)
        case SubscriptionEnded():
            return (c.StopCase(reason=StopReason.CANCELLED),)
        case SubscriptionPaused():
            return (c.PauseCase(by=Pauser.STRIPE, until=signal.until),)
        case SubscriptionResumed():
            return (c.ResumeCase(by=Pauser.STRIPE),)
        case RefundSignal():
            return (c.RecordRefund(amount_minor=signal.refunded_minor),)
        case DisputeSignal():
            return (c.RecordDispute(amount_minor=signal.amount_minor, state=signal.state),)
        case Disconnected():
            return (c.StopCase(reason=StopReason.DISCONNECTED),)
        case _:
            assert_never(signal)


def commands_for(account: str, invoice: Invoice, origin: Origin) -> tuple[c.Command, ...]:
    """The commands that bring a case up to what Stripe shows; each is harmless if already so.

    The refusal that an invoice shows is its latest, not that of the event: it counts against its
    card, and is no answer to our attempt. Only Stripe's answer under the attempt's key is one.
    """
    ended = after_settlement(invoice, origin)
    if ended:
        return ended
    if invoice.collection != "charge_automatically" or invoice.billing_reason in NOT_OURS:
        return ()
    commands: list[c.Command] = [c.OpenCase(account=account, invoice=invoice)]
    if invoice.last_failure is not None:
        commands.append(c.RecordDecline(failure=invoice.last_failure, by=origin.by))
    if invoice.needs_authentication:
        commands.append(c.RequestAuthentication(attempt=origin.attempt))
    return tuple(commands)


def changes_of(invoice: Invoice, origin: Origin) -> tuple[c.Command, ...]:
    """What a changed invoice means for a case that is there; it opens none."""
    part = c.RecordPartialPayment(
        amount_paid_minor=invoice.amount_paid_minor,
        amount_remaining_minor=invoice.amount_remaining_minor,
    )
    return after_settlement(invoice, origin) or (part,)


def card_news(invoice: Invoice, signal: CustomerSignal, origin: Origin) -> tuple[c.Command, ...]:
    """What a change of a customer's cards means for one case, by what its invoice shows."""
    ended = after_settlement(invoice, origin)
    if ended or invoice.card is None:
        return ended
    return (c.ReplaceCard(card=invoice.card, by=signal.by),)


def after_settlement(invoice: Invoice, origin: Origin) -> tuple[c.Command, ...]:
    """The commands for an invoice that is not open any more; empty while it is.

    A refusal that nobody has told us of counts against its card although the case has ended.
    """
    ending = _ending(invoice, origin)
    if ending is None:
        return ()
    if invoice.last_failure is None:
        return (ending,)
    return (ending, c.RecordDecline(failure=invoice.last_failure, by=origin.by))


def _ending(invoice: Invoice, origin: Origin) -> c.Command | None:
    match invoice.status:
        case InvoiceStatus.PAID:
            return c.RecordPayment(
                amount_minor=invoice.amount_paid_minor, by=origin.by, attempt=origin.attempt
            )
        case InvoiceStatus.VOID:
            return c.StopCase(reason=StopReason.VOIDED)
        case InvoiceStatus.UNCOLLECTIBLE:
            return c.WriteOff()
        case _:
            return None
