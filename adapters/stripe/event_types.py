"""Every type of event that can concern a payment, and its place: a reader, or why there is none."""

from types import MappingProxyType
from typing import Final

from adapters.stripe import event_invoices as invoices
from adapters.stripe import event_people as people
from adapters.stripe import event_returns as returns
from adapters.stripe.event_shapes import Reader
from domain.recovery.events import CardSource
from domain.recovery.signals import InvoiceNews

# What an endpoint must be sent; the runbook lists the same.
NEEDED: Final[dict[str, Reader]] = {
    "invoice.payment_failed": invoices.invoice_news(InvoiceNews.FAILED),
    "invoice.payment_action_required": invoices.invoice_news(InvoiceNews.NEEDS_AUTHENTICATION),
    "invoice.payment_attempt_required": invoices.invoice_news(InvoiceNews.ELSEWHERE),
    "invoice.paid": invoices.invoice_news(InvoiceNews.PAID),
    "invoice.overpaid": invoices.overpaid,
    "invoice.voided": invoices.invoice_news(InvoiceNews.VOIDED),
    "invoice.deleted": invoices.invoice_news(InvoiceNews.DELETED),
    "invoice.marked_uncollectible": invoices.invoice_news(InvoiceNews.WRITTEN_OFF),
    "invoice.finalization_failed": invoices.not_finalized,
    "invoice.will_be_due": invoices.invoice_news(InvoiceNews.DUE),
    "invoice.overdue": invoices.invoice_news(InvoiceNews.DUE),
    "invoice.upcoming": invoices.upcoming,
    "invoice.updated": invoices.invoice_changed,
    "invoice_payment.paid": invoices.part_paid,
    "payment_intent.payment_failed": invoices.intent_news(InvoiceNews.FAILED),
    "payment_intent.requires_action": invoices.intent_news(InvoiceNews.NEEDS_AUTHENTICATION),
    "charge.refunded": returns.charge_refunded,
    "refund.created": returns.refund_changed,
    "refund.updated": returns.refund_changed,
    "refund.failed": returns.refund_changed,
    "charge.dispute.created": returns.disputed,
    "charge.dispute.updated": returns.disputed,
    "charge.dispute.funds_withdrawn": returns.disputed,
    "charge.dispute.funds_reinstated": returns.reinstated,
    "charge.dispute.closed": returns.dispute_closed,
    "radar.early_fraud_warning.created": returns.fraud_warning,
    "customer.updated": people.customer_changed,
    "customer.deleted": people.customer_deleted,
    "customer.source.created": people.owner(),
    "customer.source.updated": people.owner(),
    "customer.source.deleted": people.owner(),
    "payment_method.attached": people.owner(),
    "payment_method.updated": people.owner(),
    "payment_method.detached": people.former_owner,
    "payment_method.automatically_updated": people.owner(CardSource.NETWORK),
    "payment_method.card_automatically_updated": people.owner(CardSource.NETWORK),  # until 2020
    "setup_intent.succeeded": people.owner(),
    "checkout.session.completed": people.set_up,
    "mandate.updated": people.mandate_changed,
    "customer.subscription.updated": people.subscription_changed,
    "customer.subscription.deleted": people.subscription_ended,
    "customer.subscription.paused": people.subscription_stands,
    "customer.subscription.resumed": people.subscription_stands,
    "customer.subscription.trial_will_end": people.trial_ends,
    "account.updated": returns.account_changed,
    "account.application.authorized": returns.account_changed,
    "account.application.deauthorized": returns.disconnected,
}

# Understood where an endpoint is sent them, and not asked for: each payment of the merchant would
# bring several, and the invoice's own events tell the same.
WELCOME: Final[dict[str, Reader]] = {
    "charge.failed": invoices.charge_news(InvoiceNews.FAILED),
    "charge.succeeded": invoices.charge_news(InvoiceNews.CHANGED),
    "charge.refund.updated": returns.refund_changed,  # the older name of refund.updated
    "payment_intent.succeeded": invoices.intent_news(InvoiceNews.CHANGED),
    "payment_intent.processing": invoices.intent_news(InvoiceNews.CHANGED),
    "payment_intent.canceled": invoices.intent_news(InvoiceNews.CHANGED),
}

# Understood, and nothing to do: why.
IDLE: Final[dict[str, str]] = {
    "invoice.created": "a draft is nobody's debt yet; never subscribe to it: an endpoint that "
    "fails holds the invoice up for days",
    "invoice.finalized": "nothing was refused yet: a charge or a due date follows, and they tell",
    "invoice.sent": "the merchant's own mail went out; its due date tells when to act",
    "invoice.payment_succeeded": "the twin of `invoice.paid`, and silent about money from outside",
    "customer.created": "nobody owes anything yet",
    "customer.source.expiring": "expiry is computed from the cards themselves, of all kinds",
    "customer.subscription.created": "its first invoice belongs to the checkout",
    "setup_intent.setup_failed": "the customer sees it on the page, and nothing has changed",
    "setup_intent.requires_action": "the customer is confirming it on the page just now",
    "checkout.session.expired": "the customer left the page: the case stays as it was",
    "checkout.session.async_payment_succeeded": "an invoice's own events tell of its payment",
    "checkout.session.async_payment_failed": "an invoice's own events tell of its refusal",
    "billing_portal.session.created": "somebody opened a page; what they do there has its events",
    "test_helpers.test_clock.ready": "a clock of tests, not of time",
}

# How a thing is read that an event named without telling of it.
SHOWN: Final[dict[str, Reader]] = {
    returns.CHARGE_NOW: returns.charge_now,
    people.SUBSCRIPTION_NOW: people.subscription_now,
    people.MANDATE_ENDED: people.mandate_ended,
}
READERS: Final = MappingProxyType({**NEEDED, **WELCOME, **SHOWN})
