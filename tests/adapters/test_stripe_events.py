"""Events of both shapes, before and after 2025-03-31.basil, mean the same to us."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.stripe.events import StripeEventReader
from application.ports.payments import MalformedEvent
from domain.recovery.signals import (
    AccountChanged,
    CustomerSignal,
    InvoiceNews,
    InvoiceSignal,
    RenewalAhead,
    SubscriptionEnded,
)
from tests.builders import MONDAY
from tests.stripe_events import OF_SUBSCRIPTION, thin
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


def thin_signal(name: str, **changes: Any) -> Any:
    return signal_of(thin(name, "in_1", "invoice", **changes))


@pytest.mark.parametrize(
    ("reason", "key", "requested"),
    [
        (None, None, False),
        ({"type": "request", "request": None}, None, False),
        (
            {"type": "request", "request": {"id": "req_1", "idempotency_key": "cc:1"}},
            "cc:1",
            True,
        ),
        ({"type": "request", "request": {"id": "req_1", "idempotency_key": None}}, None, True),
    ],
)
def test_a_thin_event_says_who_caused_it_and_when(
    reason: Any, key: str | None, requested: bool
) -> None:
    signal = thin_signal("invoice.payment_failed", reason=reason)
    assert (signal.idempotency_key, signal.requested) == (key, requested)
    assert signal.occurred_at == MONDAY


@pytest.mark.parametrize(
    "kind", ["v2.core.account.updated", "v2.core.event_destination.ping", "v1.plan.unheard_of"]
)
def test_a_thin_event_of_something_else_is_no_news(kind: str) -> None:
    assert signal_of(thin("x", "x_1", "thing", type=kind, related_object=None)) is None


def test_a_thin_event_about_no_one_thing_is_malformed_where_one_is_needed() -> None:
    with pytest.raises(MalformedEvent):
        thin_signal("invoice.payment_failed", related_object=None)
    assert thin_signal("account.updated", related_object=None) == AccountChanged()


@pytest.mark.parametrize("version", SHAPES)
@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("payment_intent.payment_failed", {"id": "pi_1", "customer": None}),
        ("charge.failed", {"id": "ch_1", "customer": None, "payment_intent": "pi_1"}),
        ("charge.failed", {"id": "ch_1", "customer": "cus_1", "payment_intent": None}),
        ("refund.created", {"id": "re_1", "charge": None}),
        ("setup_intent.succeeded", {"id": "seti_1", "customer": None}),
        ("checkout.session.completed", {"id": "cs_1", "mode": "setup", "customer": None}),
        ("checkout.session.completed", {"id": "cs_1", "mode": "payment", "customer": "cus_1"}),
        ("mandate.updated", {"id": "m_1", "status": "active", "payment_method": "pm_1"}),
        ("charge.dispute.updated", {"charge": "ch_1", "amount": 5, "status": "prevented"}),
        ("invoice.upcoming", {"customer": "cus_1"}),
        ("customer.subscription.trial_will_end", {"id": "sub_1", "trial_end": None}),
    ],
)
def test_what_concerns_no_invoice_of_anybody_is_no_news(
    version: str, kind: str, subject: dict[str, Any]
) -> None:
    assert signal_of(event(kind, subject, api_version=version)) is None


def test_a_payment_often_names_its_invoice_in_todays_shape_too() -> None:
    intent = {"id": "pi_1", "customer": "cus_1", "payment_details": {"order_reference": "in_9"}}
    assert signal_of(event("payment_intent.succeeded", intent)).invoice_id == "in_9"
    odd = {**intent, "payment_details": {"order_reference": "order 5"}}
    assert signal_of(event("payment_intent.succeeded", odd)).invoice_id is None
    of_account = {"id": "pi_1", "customer": None, "customer_account": "acct_7"}
    assert signal_of(event("payment_intent.succeeded", of_account)).customer_id is None


@pytest.mark.parametrize(
    ("new", "outside"),
    [({}, False), ({"amount_paid_off_stripe": 0}, False), ({"amount_paid_off_stripe": 5}, True)],
)
def test_money_that_came_outside_stripe_is_told_apart(new: dict[str, Any], outside: bool) -> None:
    paid = invoice_since_basil(status="paid", amount_paid=2900, **new)
    assert signal_of(event("invoice.paid", paid)).outside_stripe is outside


@pytest.mark.parametrize(
    ("shape", "subscription"),
    [({"subscription": "sub_1"}, "sub_1"), (OF_SUBSCRIPTION, "sub_bread"), ({}, None)],
)
def test_a_renewal_that_is_ahead_is_told_with_its_day(
    shape: dict[str, Any], subscription: str | None
) -> None:
    upcoming = {"object": "invoice", "customer": "cus_1", "period_end": CREATED, **shape}
    assert signal_of(event("invoice.upcoming", upcoming)) == RenewalAhead(
        renews_at=datetime.fromtimestamp(CREATED, UTC),
        customer_id="cus_1",
        subscription_id=subscription,
    )


def test_a_subscription_that_ended_is_told() -> None:
    raw = event("customer.subscription.deleted", {"id": "sub_1", "object": "subscription"})
    assert signal_of(raw) == SubscriptionEnded(subscription_id="sub_1")


@pytest.mark.parametrize(
    "kind", ["invoice.created", "invoice.updated", "charge.captured", "ping", "plan.unheard_of"]
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
