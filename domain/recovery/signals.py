"""What an event from Stripe means for a case. The event is a hint, the invoice re-read a fact."""

from datetime import datetime, timedelta
from typing import Final, assert_never

from domain.invoice import BY_HAND, Invoice, InvoiceStatus
from domain.recovery import commands as c
from domain.recovery.events import CardSource, Pauser, Payer, StopReason
from domain.recovery.signal_shapes import (
    AccountChanged,
    CustomerDeleted,
    CustomerSignal,
    Disconnected,
    DisputeSignal,
    FraudWarning,
    InvoiceNews,
    InvoiceSignal,
    MandateEnded,
    Notice,
    NoticeKind,
    Origin,
    PaymentSignal,
    Plain,
    RefundSignal,
    RenewalAhead,
    Signal,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionSignal,
)

__all__ = [
    "SAME_MATTER",
    "AccountChanged",
    "CustomerDeleted",
    "CustomerSignal",
    "Disconnected",
    "DisputeSignal",
    "FraudWarning",
    "InvoiceNews",
    "InvoiceSignal",
    "MandateEnded",
    "Notice",
    "NoticeKind",
    "Origin",
    "PaymentSignal",
    "Plain",
    "RefundSignal",
    "RenewalAhead",
    "Signal",
    "SubscriptionEnded",
    "SubscriptionPaused",
    "SubscriptionResumed",
    "SubscriptionSignal",
    "after_settlement",
    "card_news",
    "changes_of",
    "commands_for",
    "commands_of",
    "is_of_checkout",
    "may_open",
    "needs_reading",
    "news_of",
    "settled",
    "unless_settled",
]

# What an event is silent about in one shape or the other, or what may have changed since: the
# invoice is read. What is paid, void or deleted stays so.
SILENT = frozenset(InvoiceNews) - {InvoiceNews.PAID, InvoiceNews.VOIDED, InvoiceNews.DELETED}
OPENING = frozenset({InvoiceNews.FAILED, InvoiceNews.NEEDS_AUTHENTICATION, InvoiceNews.DUE})
# What an event tells of happened within this time of it; else it is another matter that shows.
SAME_MATTER: Final = timedelta(minutes=10)


def is_of_checkout(invoice: Invoice) -> bool:
    """The first invoice of a subscription, charged while the customer watches: it lives 23 hours.

    A bill is no part of a checkout, nor is a debit that the bank sends back days later: by then the
    subscription runs. Source: docs.stripe.com/billing/subscriptions/overview#subscription-statuses
    (incomplete), docs.stripe.com/billing/subscriptions/overview#subscription-payment-methods.
    """
    failure = invoice.last_failure
    debited = failure is not None and failure.card is not None and failure.card.kind != "card"
    by_hand = invoice.collection == BY_HAND
    return invoice.billing_reason == "subscription_create" and not (by_hand or debited)


def needs_reading(news: InvoiceNews) -> bool:
    """True where the invoice says more, or better, than the event does."""
    return news in SILENT


def may_open(news: InvoiceNews) -> bool:
    """True for news that an invoice without a case may have to be chased."""
    return news in OPENING


def settled(signal: InvoiceSignal, origin: Origin) -> tuple[c.Command, ...]:
    """The commands of an event that says all itself: paid, voided, deleted."""
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
            return (c.RecordRefund(amount_minor=signal.refunded_minor, charge_id=signal.charge_id),)
        case DisputeSignal():
            return (c.RecordDispute(amount_minor=signal.amount_minor, state=signal.state),)
        case FraudWarning():
            return (c.StopCase(reason=StopReason.FRAUD_WARNING),)
        case MandateEnded():
            return (c.RevokeMandate(payment_method=signal.payment_method_id),)
        case Disconnected():
            return (c.StopCase(reason=StopReason.DISCONNECTED),)
        case _:
            assert_never(signal)


def news_of(
    account: str, invoice: Invoice, news: InvoiceNews, origin: Origin
) -> tuple[c.Command, ...]:
    """What an invoice that was read because of some news asks of its case.

    Of a payment its own news tells, and says who paid; what else is heard of late does not.
    """
    its_own = news is InvoiceNews.CHANGED and is_same_matter(invoice.paid_at, origin)
    if invoice.status is InvoiceStatus.PAID and not its_own:
        return _refusal(invoice, origin)
    if news is InvoiceNews.ELSEWHERE:
        elsewhere = c.StopCase(reason=StopReason.ELSEWHERE)
        return after_settlement(invoice, origin) or (elsewhere,)
    if news in OPENING:
        return commands_for(account, invoice, origin, due=news is InvoiceNews.DUE)
    return changes_of(invoice, origin)


def unless_settled(invoice: Invoice, commands: tuple[c.Command, ...]) -> tuple[c.Command, ...]:
    """`commands`, unless the invoice has come to an end that says more; of a payment its own news
    tells, and says who paid."""
    if invoice.status is InvoiceStatus.PAID:
        return ()
    return after_settlement(invoice, Origin(by=Payer.STRIPE)) or commands


def commands_for(
    account: str, invoice: Invoice, origin: Origin, *, due: bool = False
) -> tuple[c.Command, ...]:
    """The commands that bring a case up to what Stripe shows; each is harmless if already so.

    The refusal that an invoice shows is its latest, not that of the event: it counts against its
    card, and is no answer to our attempt. Only Stripe's answer under the attempt's key is one.
    A bill that is paid by hand is taken up only once it is `due`.
    """
    ended = after_settlement(invoice, origin)
    if ended:
        return ended
    by_hand = invoice.collection == BY_HAND
    if by_hand != due or is_of_checkout(invoice):
        return ()
    commands: list[c.Command] = [c.OpenCase(account=account, invoice=invoice)]
    commands += (*_refusal(invoice, origin), *_count(invoice))
    if invoice.needs_authentication:
        commands.append(c.RequestAuthentication(attempt=origin.attempt))
    return tuple(commands)


def changes_of(invoice: Invoice, origin: Origin) -> tuple[c.Command, ...]:
    """What a changed invoice means for a case that is there; it opens none."""
    part = c.RecordPartialPayment(
        amount_paid_minor=invoice.amount_paid_minor,
        amount_remaining_minor=invoice.amount_remaining_minor,
    )
    return after_settlement(invoice, origin) or (part, *_count(invoice))


def _count(invoice: Invoice) -> tuple[c.Command, ...]:
    """Stripe's own count, so that what it counts without charging can be told from charges."""
    return (c.RecordCount(attempt_count=invoice.attempt_count),) if invoice.attempt_count else ()


def card_news(invoice: Invoice, by: CardSource) -> tuple[c.Command, ...]:
    """What a change of a customer's cards means for one case, by what its invoice shows."""
    replaced = c.ReplaceCard(card=invoice.card, by=by) if invoice.card else None
    return unless_settled(invoice, (replaced,) if replaced else ())


def after_settlement(invoice: Invoice, origin: Origin) -> tuple[c.Command, ...]:
    """The commands for an invoice that is not open any more; empty while it is.

    A refusal that nobody has told us of counts against its card although the case has ended.
    """
    ending = _ending(invoice, origin)
    return () if ending is None else (ending, *_refusal(invoice, origin))


def _ending(invoice: Invoice, origin: Origin) -> c.Command | None:
    match invoice.status:
        case InvoiceStatus.PAID:
            cause = _cause(invoice.paid_at, origin)
            return c.RecordPayment(
                amount_minor=invoice.amount_paid_minor, by=cause.by, attempt=cause.attempt
            )
        case InvoiceStatus.VOID:
            return c.StopCase(reason=StopReason.VOIDED)
        case InvoiceStatus.UNCOLLECTIBLE:
            return c.WriteOff()
        case _:
            return None


def _refusal(invoice: Invoice, origin: Origin) -> tuple[c.Command, ...]:
    failure = invoice.last_failure
    if failure is None:
        return ()
    return (c.RecordDecline(failure=failure, by=_cause(failure.at, origin).by),)


def _cause(happened_at: datetime | None, origin: Origin) -> Origin:
    """Who did what an invoice shows: whoever caused the event, if it tells of the same matter."""
    return origin if is_same_matter(happened_at, origin) else Origin(by=Payer.STRIPE)


def is_same_matter(happened_at: datetime | None, origin: Origin) -> bool:
    """Whether what an invoice shows is what the event tells of, as far as their times say."""
    if origin.at is None or happened_at is None:
        return True
    return abs(origin.at - happened_at) <= SAME_MATTER
