"""What events about invoices and their payments mean."""

from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from adapters.stripe import event_shapes as shape
from adapters.stripe.event_shapes import Heard, Reader
from domain.recovery.signals import (
    InvoiceNews,
    InvoiceSignal,
    Notice,
    NoticeKind,
    PaymentSignal,
    RenewalAhead,
)

# Changes of an invoice that say that something was paid, credited, or will be tried by Stripe.
MOVED: Final = frozenset({"amount_paid", "amount_remaining", "next_payment_attempt"})


def invoice_signal(event: shape.Event, invoice_id: str, news: InvoiceNews) -> InvoiceSignal:
    """News of an invoice of which nothing but its id is known."""
    return InvoiceSignal(
        invoice_id=invoice_id,
        news=news,
        idempotency_key=event.idempotency_key,
        requested=event.requested,
        occurred_at=event.happened_at,
    )


def invoice_news(news: InvoiceNews) -> Reader:
    """News of the invoice in the event."""

    def read(event: shape.Event) -> Heard:
        invoice = shape.read_invoice(event.data.object)
        signal = invoice_signal(event, invoice.id, news)
        if news is not InvoiceNews.PAID:
            return signal
        return replace(
            signal, paid_minor=invoice.settled_minor, outside_stripe=invoice.outside_stripe
        )

    return read


def invoice_changed(event: shape.Event) -> Heard:
    """Most changes of an invoice are none of ours."""
    if MOVED.isdisjoint(event.changed):
        return None
    return invoice_news(InvoiceNews.CHANGED)(event)


def overpaid(event: shape.Event) -> Heard:
    """More came than was asked for."""
    invoice = shape.read_invoice(event.data.object)
    amount = invoice.amount_overpaid or 0
    return Notice(kind=NoticeKind.OVERPAID, invoice_id=invoice.id, amount_minor=amount)


def not_finalized(event: shape.Event) -> Heard:
    """An invoice that could not be issued."""
    invoice = shape.read_invoice(event.data.object)
    error = invoice.last_finalization_error
    detail = error.code if error else None
    return Notice(kind=NoticeKind.NOT_FINALIZED, invoice_id=invoice.id, detail=detail)


def upcoming(event: shape.Event) -> Heard:
    """A renewal that is some days ahead, as the merchant's settings in Stripe say."""
    invoice = shape.read_upcoming(event.data.object)
    at = invoice.next_payment_attempt or invoice.period_end
    if at is None:
        return None
    return RenewalAhead(
        renews_at=datetime.fromtimestamp(at, UTC),
        customer_id=shape.id_of(invoice.customer),
        subscription_id=invoice.subscription_id,
    )


def part_paid(event: shape.Event) -> Heard:
    """A part or all of an invoice was paid; which of the two the invoice itself says."""
    paid = shape.id_of(shape.read_invoice_payment(event.data.object).invoice)
    assert paid is not None
    return invoice_signal(event, paid, InvoiceNews.CHANGED)


def intent_news(news: InvoiceNews) -> Reader:
    """A payment intent without a customer pays no invoice."""

    def read(event: shape.Event) -> Heard:
        intent = shape.read_payment_intent(event.data.object)
        customer = shape.id_of(intent.customer)
        if customer is None and intent.customer_account is None:
            return None
        refused = news is InvoiceNews.FAILED
        return PaymentSignal(
            news=news,
            payment_intent_id=intent.id,
            charge_id=shape.id_of(intent.latest_charge) if refused else None,
            invoice_id=intent.invoice_id,
            customer_id=customer,
            idempotency_key=event.idempotency_key,
            requested=event.requested,
            occurred_at=event.happened_at,
        )

    return read


def charge_news(news: InvoiceNews) -> Reader:
    """A charge without a customer pays no invoice, and neither does one without a way to it."""

    def read(event: shape.Event) -> Heard:
        charge = shape.read_charge(event.data.object)
        customer, intent = shape.id_of(charge.customer), shape.id_of(charge.payment_intent)
        invoice = shape.id_of(charge.invoice)
        if customer is None or (intent is None and invoice is None):
            return None
        return PaymentSignal(
            news=news,
            payment_intent_id=intent,
            charge_id=charge.id if news is InvoiceNews.FAILED else None,
            invoice_id=invoice,
            customer_id=customer,
            idempotency_key=event.idempotency_key,
            requested=event.requested,
            occurred_at=event.happened_at,
        )

    return read
