"""Events of both shapes, before and after 2025-03-31.basil, mean the same to us."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.stripe.events import StripeEventReader
from application.ports.payments import MalformedEvent
from domain.recovery.signals import CustomerSignal, InvoiceNews, InvoiceSignal, SubscriptionEnded
from tests.stripe_shapes import (
    CREATED,
    OLD,
    SCHEDULED,
    SHAPES,
    event,
    invoice_before_basil,
    invoice_since_basil,
)

both_shapes = pytest.mark.parametrize("version", SHAPES)


def signal_of(raw: bytes) -> Any:
    return StripeEventReader().signal(raw)


@both_shapes
@pytest.mark.parametrize(
    ("kind", "news"),
    [
        ("invoice.payment_failed", InvoiceNews.FAILED),
        ("invoice.payment_action_required", InvoiceNews.NEEDS_AUTHENTICATION),
        ("invoice.voided", InvoiceNews.VOIDED),
        ("invoice.deleted", InvoiceNews.DELETED),
        ("invoice.marked_uncollectible", InvoiceNews.WRITTEN_OFF),
    ],
)
def test_news_of_an_invoice_name_it_and_their_time(
    version: str, kind: str, news: InvoiceNews
) -> None:
    raw = event(kind, SHAPES[version](), api_version=version)
    assert signal_of(raw) == InvoiceSignal(
        invoice_id="in_1", news=news, occurred_at=datetime.fromtimestamp(CREATED, UTC)
    )


@both_shapes
def test_a_paid_invoice_tells_how_much(version: str) -> None:
    paid = SHAPES[version](status="paid", amount_paid=2900, amount_remaining=0)
    signal = signal_of(event("invoice.paid", paid, api_version=version))
    assert (signal.news, signal.paid_minor) == (InvoiceNews.PAID, 2900)


def test_money_from_outside_stripe_counts_in_the_old_shape_too() -> None:
    paid = invoice_before_basil(status="paid", paid=True, paid_out_of_band=True)
    assert signal_of(event("invoice.paid", paid, api_version=OLD)).paid_minor == 2900


def test_the_twin_of_paid_is_silent_so_that_nothing_is_counted_twice() -> None:
    paid = invoice_since_basil(status="paid", amount_paid=2900)
    assert signal_of(event("invoice.payment_succeeded", paid)) is None


@pytest.mark.parametrize(
    ("request_", "key", "requested"),
    [
        (SCHEDULED, None, False),
        (None, None, False),
        ({"id": "req_1", "idempotency_key": "case:1"}, "case:1", True),
        ({"id": "req_1", "idempotency_key": None}, None, True),
        ({"id": None, "idempotency_key": "case:1"}, "case:1", True),
        ("req_1", None, True),
        ("", None, False),
    ],
)
def test_who_caused_it_is_read_from_the_request_in_each_of_its_shapes(
    request_: Any, key: str | None, requested: bool
) -> None:
    signal = signal_of(event("invoice.payment_failed", invoice_since_basil(), request=request_))
    assert (signal.idempotency_key, signal.requested) == (key, requested)


def test_a_request_that_is_absent_is_nobodys() -> None:
    body = json.loads(event("invoice.payment_failed", invoice_since_basil()))
    del body["request"]
    assert signal_of(json.dumps(body).encode()).requested is False


@pytest.mark.parametrize(
    "kind",
    [
        "payment_method.attached",
        "payment_method.updated",
    ],
)
def test_a_new_or_refreshed_card_is_news_of_its_customer(kind: str) -> None:
    method = {"id": "pm_1", "object": "payment_method", "customer": "cus_1", "type": "card"}
    assert signal_of(event(kind, method)) == CustomerSignal(customer_id="cus_1")
    assert signal_of(event(kind, {**method, "customer": None})) is None
    expanded = {**method, "customer": {"id": "cus_1", "object": "customer"}}
    assert signal_of(event(kind, expanded)) == CustomerSignal(customer_id="cus_1")


@pytest.mark.parametrize(
    ("before", "is_news"),
    [
        ({"invoice_settings": {"default_payment_method": "pm_old"}}, True),
        ({"default_source": None}, True),
        ({"email": "old@example.com", "balance": 0}, True),
        ({"delinquent": False}, False),
        ({"balance": 0, "next_invoice_sequence": 3}, False),
        ({}, False),
        (None, True),
    ],
)
def test_a_changed_customer_is_news_if_it_can_change_what_we_do(
    before: dict[str, Any] | None, is_news: bool
) -> None:
    customer = {"id": "cus_1", "object": "customer"}
    data = {"object": customer, "previous_attributes": before}
    signal = signal_of(event("customer.updated", customer, data=data))
    assert signal == (CustomerSignal(customer_id="cus_1") if is_news else None)


def test_a_subscription_that_ended_is_told() -> None:
    raw = event("customer.subscription.deleted", {"id": "sub_1", "object": "subscription"})
    assert signal_of(raw) == SubscriptionEnded(subscription_id="sub_1")


@pytest.mark.parametrize(
    "kind", ["invoice.created", "invoice.updated", "charge.failed", "ping", "plan.unheard_of"]
)
def test_anything_else_is_no_news_whatever_it_holds(kind: str) -> None:
    assert signal_of(event(kind, {"odd": [None, {"id": 5}]})) is None


@pytest.mark.parametrize("kind", ["invoice.paid", "customer.updated", "invoice.payment_failed"])
@pytest.mark.parametrize("subject", [{}, {"id": None}, {"id": 5}, {"id": ""}, {"id": "\0"}])
def test_news_about_a_thing_without_a_name_are_malformed(
    kind: str, subject: dict[str, Any]
) -> None:
    with pytest.raises(MalformedEvent):
        signal_of(event(kind, subject))
