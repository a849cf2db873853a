"""Events that concern a case beyond its invoice: parts paid, pauses, refunds, disputes, leaving."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.stripe.events import StripeEventReader
from application.ports.payments import MalformedEvent, Shown, Untold
from domain.recovery.events import CardSource, DisputeState
from domain.recovery.signals import (
    CustomerDeleted,
    CustomerSignal,
    Disconnected,
    DisputeSignal,
    InvoiceNews,
    InvoiceSignal,
    RefundSignal,
    SubscriptionEnded,
    SubscriptionPaused,
    SubscriptionResumed,
    SubscriptionSignal,
)
from tests.stripe_shapes import CREATED, NEW, OLD, SHAPES, event

AT = datetime.fromtimestamp(CREATED, UTC)
both_shapes = pytest.mark.parametrize("version", SHAPES)


def signal_of(kind: str, subject: dict[str, Any], before: Any = None, **changes: Any) -> Any:
    data = {"object": subject, **({} if before is None else {"previous_attributes": before})}
    return StripeEventReader().signal(event(kind, subject, data=data, **changes))


@both_shapes
@pytest.mark.parametrize(
    ("before", "is_news"),
    [
        ({"amount_remaining": 2900}, True),
        ({"amount_paid": 0, "attempt_count": 1}, True),
        ({"next_payment_attempt": None}, True),
        ({"attempt_count": 1, "attempted": False}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_changed_invoice_is_news_if_money_or_stripes_next_try_moved(
    version: str, before: dict[str, Any] | None, is_news: bool
) -> None:
    signal = signal_of("invoice.updated", SHAPES[version](), before, api_version=version)
    news = InvoiceSignal(invoice_id="in_1", news=InvoiceNews.CHANGED, occurred_at=AT)
    assert signal == (news if is_news else None)


@pytest.mark.parametrize("invoice", ["in_1", {"id": "in_1", "object": "invoice"}])
def test_a_part_that_was_paid_is_news_of_its_invoice(invoice: Any) -> None:
    paid = {"id": "inpay_1", "object": "invoice_payment", "invoice": invoice, "status": "paid"}
    request = {"id": "req_1", "idempotency_key": "key"}
    assert signal_of("invoice_payment.paid", paid, request=request) == InvoiceSignal(
        invoice_id="in_1",
        news=InvoiceNews.CHANGED,
        occurred_at=AT,
        idempotency_key="key",
        requested=True,
    )


@pytest.mark.parametrize(
    "kind", ["payment_method.automatically_updated", "payment_method.card_automatically_updated"]
)
def test_a_card_that_its_network_renewed_is_told_apart_from_the_customers_doing(kind: str) -> None:
    method = {"id": "pm_1", "object": "payment_method", "customer": "cus_1"}
    assert signal_of(kind, method) == CustomerSignal(customer_id="cus_1", by=CardSource.NETWORK)


def test_a_card_that_was_taken_away_is_news_of_who_had_it() -> None:
    method = {"id": "pm_1", "object": "payment_method", "customer": None}
    assert signal_of("payment_method.detached", method, {"customer": "cus_1"}) == CustomerSignal(
        customer_id="cus_1"
    )
    expanded = {"customer": {"id": "cus_1", "object": "customer"}}
    assert signal_of("payment_method.detached", method, expanded) == CustomerSignal(
        customer_id="cus_1"
    )
    assert signal_of("payment_method.detached", method, {"customer": None}) is None
    assert signal_of("payment_method.detached", method) is None
    with pytest.raises(MalformedEvent):
        signal_of("payment_method.detached", method, {"customer": 5})


def test_a_customer_who_was_deleted_is_told() -> None:
    gone = {"id": "cus_1", "object": "customer", "deleted": True}
    assert signal_of("customer.deleted", gone) == CustomerDeleted(customer_id="cus_1")


ASK = Untold(kind="subscription", object_id="sub_1", read_as="subscription.now")


def subscription(pause: Any = None, status: str = "active") -> dict[str, Any]:
    return {
        "id": "sub_1", "object": "subscription", "status": status, "pause_collection": pause,
    }  # fmt: skip


def shown(untold: Untold, body: dict[str, Any]) -> Any:
    """What an event means, once the thing that it only names has been read."""
    raw = event("customer.updated", {"id": "cus_1"})
    return StripeEventReader().signal(raw, Shown(untold=untold, body=json.dumps(body).encode()))


def subscription_now(body: dict[str, Any]) -> Any:
    return shown(ASK, body)


def test_a_subscription_that_is_paused_or_goes_on_is_told() -> None:
    for kind in ("paused", "resumed"):
        assert signal_of(f"customer.subscription.{kind}", subscription()) == ASK
    paused = subscription_now(subscription(status="paused"))
    assert paused == SubscriptionPaused(subscription_id="sub_1", until=None)
    assert subscription_now(subscription()) == SubscriptionResumed(subscription_id="sub_1")
    for ended in ("canceled", "incomplete_expired"):
        gone = subscription_now(subscription(status=ended))
        assert gone == SubscriptionEnded(subscription_id="sub_1")


@pytest.mark.parametrize(("resumes_at", "until"), [(None, None), (CREATED, AT)])
def test_a_pause_of_its_collection_pauses_too_with_its_end(
    resumes_at: int | None, until: datetime | None
) -> None:
    held = subscription({"behavior": "keep_as_draft", "resumes_at": resumes_at})
    kind = "customer.subscription.updated"
    assert signal_of(kind, held, {"pause_collection": None}) == ASK
    paused = SubscriptionPaused(subscription_id="sub_1", until=until)
    assert subscription_now(held) == paused


@pytest.mark.parametrize(
    ("before", "status", "signal"),
    [
        ({"status": "active"}, "paused", "ask"),
        ({"status": "paused"}, "active", "ask"),
        ({"status": "past_due"}, "canceled", SubscriptionEnded(subscription_id="sub_1")),
        ({"status": "active"}, "past_due", None),
        ({"default_payment_method": "pm"}, "active", SubscriptionSignal(subscription_id="sub_1")),
        ({"default_source": "card"}, "active", SubscriptionSignal(subscription_id="sub_1")),
    ],
)
def test_what_weighs_most_of_a_changed_subscription_is_told(
    before: dict[str, Any], status: str, signal: Any
) -> None:
    told = signal_of("customer.subscription.updated", subscription(status=status), before)
    assert told == (ASK if signal == "ask" else signal)


@pytest.mark.parametrize("before", [None, {}, {"status": "active"}, {"items": {}}])
def test_other_changes_of_a_subscription_are_no_news(before: Any) -> None:
    assert signal_of("customer.subscription.updated", subscription(), before) is None


@pytest.mark.parametrize(
    ("version", "invoice", "found"),
    [
        (OLD, {"invoice": "in_1"}, "in_1"),
        (OLD, {"invoice": {"id": "in_1"}}, "in_1"),
        (NEW, {}, None),
    ],
)
def test_a_refund_names_its_payment_and_how_much_went_back_in_all(
    version: str, invoice: dict[str, Any], found: str | None
) -> None:
    charge = {
        "id": "ch_1", "object": "charge", "amount": 2900, "amount_refunded": 1000,
        "refunded": False, "payment_intent": "pi_1", **invoice,
    }  # fmt: skip
    told = signal_of("charge.refunded", charge, api_version=version)
    assert told == Untold(kind="charge", object_id="ch_1", read_as="charge.now")
    assert shown(told, charge) == RefundSignal(
        charge_id="ch_1", invoice_id=found, payment_intent_id="pi_1", refunded_minor=1000
    )


@pytest.mark.parametrize(
    ("kind", "status", "state"),
    [
        ("created", "needs_response", DisputeState.OPEN),
        ("created", "warning_needs_response", DisputeState.OPEN),
        ("closed", "won", DisputeState.WON),
        ("closed", "warning_closed", DisputeState.WON),
        ("closed", "lost", DisputeState.LOST),
        ("closed", "prevented", None),
        ("closed", "a_new_word", None),
    ],
)
@pytest.mark.parametrize("charge", ["ch_1", {"id": "ch_1", "object": "charge"}])
def test_a_dispute_is_told_when_it_opens_and_how_it_ended(
    kind: str, status: str, state: DisputeState | None, charge: Any
) -> None:
    dispute = {
        "id": "dp_1", "object": "dispute", "charge": charge, "payment_intent": "pi_1",
        "amount": 2900, "status": status,
    }  # fmt: skip
    told = DisputeSignal(
        charge_id="ch_1",
        payment_intent_id="pi_1",
        amount_minor=2900,
        state=state or DisputeState.OPEN,
    )
    assert signal_of(f"charge.dispute.{kind}", dispute) == (told if state else None)


def test_a_merchant_who_leaves_is_told() -> None:
    application = {"id": "ca_1", "object": "application", "name": "ChargeChase"}
    assert signal_of("account.application.deauthorized", application) == Disconnected(at=AT)


@pytest.mark.parametrize(
    "kind",
    [
        "invoice_payment.paid",
        "customer.deleted",
        "customer.subscription.paused",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.closed",
    ],
)
@pytest.mark.parametrize("subject", [{}, {"id": 5}, {"id": "\0"}, {"id": "x", "amount": "y"}])
def test_news_that_lack_what_they_are_about_are_malformed(
    kind: str, subject: dict[str, Any]
) -> None:
    if kind in ("customer.deleted", "customer.subscription.paused", "charge.refunded"):
        subject = {name: value for name, value in subject.items() if value != "x"}
    with pytest.raises(MalformedEvent):
        signal_of(kind, subject)
