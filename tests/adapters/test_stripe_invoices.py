"""From Stripe's invoice to ours: which card is next, what failed, what stands in the way."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from adapters.stripe import documents as doc
from adapters.stripe.invoices import default_intent, to_invoice
from domain.decline import DeclineFamily, family_of
from domain.invoice import Invoice, InvoiceStatus
from tests.stripe_shapes import CREATED, invoice_since_basil

AUTHENTICATION = "authentication_required"


def method(key: str, **card: Any) -> dict[str, Any]:
    details = {"brand": "visa", "last4": "4242", "funding": "credit", "country": "DE"}
    return {
        "id": key, "object": "payment_method", "type": "card",
        "card": {**details, "fingerprint": f"fp_{key}", **card},
    }  # fmt: skip


def subscription(**slots: Any) -> dict[str, Any]:
    inner = {"id": "sub_1", "object": "subscription", "default_payment_method": None, **slots}
    details = {"metadata": {}, "subscription": inner}
    return {"type": "subscription_details", "subscription_details": details}


def customer(default: Any = None, **changes: Any) -> dict[str, Any]:
    return {
        "id": "cus_1", "object": "customer", "email": "anna@example.com", "name": "Anna",
        "preferred_locales": ["de", "en"], "default_source": None,
        "invoice_settings": {"default_payment_method": default}, **changes,
    }  # fmt: skip


def charge(**changes: Any) -> dict[str, Any]:
    return {
        "id": "ch_1", "object": "charge", "status": "failed", "amount": 2900, "created": CREATED,
        "failure_code": "card_declined", "payment_method": "pm_1",
        "payment_method_details": {
            "type": "card",
            "card": {"brand": "visa", "last4": "4242", "fingerprint": "fp_pm_1", "network": "visa"},
        },
        "outcome": {
            "type": "issuer_declined", "reason": "insufficient_funds",
            "advice_code": "try_again_later", "network_decline_code": "51",
            "network_advice_code": None,
        },
        **changes,
    }  # fmt: skip


def intent(status: str = "requires_payment_method", **changes: Any) -> dict[str, Any]:
    return {
        "id": "pi_1", "object": "payment_intent", "status": status, "amount": 2900,
        "created": CREATED, "latest_charge": None, "last_payment_error": None, **changes,
    }  # fmt: skip


def seen(invoice: dict[str, Any], about: dict[str, Any] | None = None) -> Invoice:
    paying = None if about is None else msgspec.convert(about, doc.PaymentIntent)
    return to_invoice(msgspec.convert(invoice, doc.Invoice), paying)


def card_in(**invoice: Any) -> str | None:
    card = seen(invoice_since_basil(**invoice)).card
    return card.payment_method if card else None


def test_the_card_in_the_slot_is_the_invoices_then_the_subscriptions_then_the_customers() -> None:
    own, subs, theirs = method("pm_own"), method("pm_sub"), method("pm_cus")
    held = {"parent": subscription(default_payment_method=subs), "customer": customer(theirs)}
    assert card_in(default_payment_method=own, **held) == "pm_own"
    assert card_in(**held) == "pm_sub"
    assert card_in(parent=subscription(), customer=customer(theirs)) == "pm_cus"
    assert card_in(parent=None, customer=customer(theirs)) == "pm_cus"
    assert card_in(parent=subscription(), customer=customer()) is None


def test_a_legacy_source_stands_right_behind_the_payment_method_of_its_holder() -> None:
    source = {"id": "card_1", "object": "card", "brand": "American Express", "fingerprint": "fp_a"}
    invoice = invoice_since_basil(
        parent=subscription(default_source=source), customer=customer(method("pm_cus"))
    )
    card = seen(invoice).card
    assert card is not None
    assert (card.payment_method, card.fingerprint, card.brand) == ("card_1", "fp_a", "amex")
    assert card_in(parent=None, customer=customer(default_source="card_2")) == "card_2"


def test_a_method_without_a_fingerprint_goes_by_its_id() -> None:
    link = {"id": "pm_link", "object": "payment_method", "type": "link", "link": {"email": "a@b.c"}}
    card = seen(invoice_since_basil(default_payment_method=link)).card
    assert card is not None
    assert (card.fingerprint, card.brand, card.last4) == ("pm_link", None, None)
    card = seen(invoice_since_basil(default_payment_method="pm_id_only")).card
    assert card is not None
    assert card.fingerprint == "pm_id_only"


def test_a_bank_debit_keeps_its_own_fingerprint() -> None:
    debit = {
        "id": "pm_sepa", "object": "payment_method", "type": "sepa_debit",
        "sepa_debit": {"fingerprint": "fp_iban", "last4": "3000", "country": "DE"},
    }  # fmt: skip
    card = seen(invoice_since_basil(default_payment_method=debit)).card
    assert card is not None
    assert (card.fingerprint, card.last4) == ("fp_iban", "3000")


def test_the_last_failed_charge_is_read_from_the_charge() -> None:
    failure = seen(invoice_since_basil(), intent(latest_charge=charge())).last_failure
    assert failure is not None
    assert failure.charge_id == "ch_1"
    assert failure.at == datetime.fromtimestamp(CREATED, UTC)
    assert failure.decline.decline_code == "insufficient_funds"
    assert failure.decline.network_decline_code == "51"
    assert family_of(failure.decline) is DeclineFamily.FUNDS


def test_an_error_fills_the_gaps_of_its_own_charge_and_of_no_other() -> None:
    bare = charge(outcome=None, failure_code=None)
    error = {"type": "card_error", "code": "card_declined", "decline_code": "lost_card"}
    about = intent(latest_charge=bare, last_payment_error={**error, "charge": "ch_1"})
    failure = seen(invoice_since_basil(), about).last_failure
    assert failure is not None
    assert failure.decline.decline_code == "lost_card"
    about = intent(latest_charge=bare, last_payment_error={**error, "charge": "ch_other"})
    failure = seen(invoice_since_basil(), about).last_failure
    assert failure is not None
    assert failure.decline.decline_code is None


def test_a_charge_that_radar_blocked_says_so() -> None:
    outcome = {"type": "blocked", "reason": "highest_risk_level"}
    failure = seen(invoice_since_basil(), intent(latest_charge=charge(outcome=outcome)))
    assert failure.last_failure is not None
    assert failure.last_failure.decline.outcome_type == "blocked"
    assert family_of(failure.last_failure.decline) is DeclineFamily.NEVER


@pytest.mark.parametrize("latest", [None, "ch_1", charge(status="succeeded", failure_code=None)])
def test_a_charge_that_did_not_fail_is_no_failure(latest: Any) -> None:
    assert seen(invoice_since_basil(), intent(latest_charge=latest)).last_failure is None


def test_an_intent_on_its_way_forbids_a_second_charge() -> None:
    assert seen(invoice_since_basil(), intent("processing")).processing
    assert not seen(invoice_since_basil(), intent()).processing


@pytest.mark.parametrize(
    "kind", ["sepa_debit", "us_bank_account", "bacs_debit", "acss_debit", "au_becs_debit"]
)
def test_a_method_bears_its_kind_and_a_bank_its_name(kind: str) -> None:
    debit = {
        "id": "pm_bank", "object": "payment_method", "type": kind,
        kind: {"fingerprint": "fp_bank", "last4": "6789", "bank_name": "EXAMPLE BANK"},
    }  # fmt: skip
    card = seen(invoice_since_basil(default_payment_method=debit)).card
    assert card is not None
    assert (card.kind, card.scheme, card.brand) == (kind, kind, "EXAMPLE BANK")
    details = {"type": kind, kind: {"fingerprint": "fp_bank", "last4": "6789"}}
    failed = charge(payment_method_details=details, failure_code="insufficient_funds")
    failure = seen(invoice_since_basil(), intent(latest_charge=failed)).last_failure
    assert failure is not None
    assert failure.card is not None
    assert (failure.card.kind, failure.card.fingerprint) == (kind, "fp_bank")


def test_a_card_is_one_and_its_network_counts() -> None:
    card = seen(invoice_since_basil(default_payment_method=method("pm_1"))).card
    assert card is not None
    assert (card.kind, card.scheme) == ("card", "visa")


def test_stripes_count_its_own_intentions_and_the_due_date_are_read() -> None:
    shown = seen(invoice_since_basil(attempt_count=4, auto_advance=True, due_date=CREATED))
    due_at = datetime.fromtimestamp(CREATED, UTC)
    assert (shown.attempt_count, shown.auto_advance, shown.due_at) == (4, True, due_at)


def test_the_bank_waits_for_the_customer_while_the_refused_card_is_in_the_slot() -> None:
    asked = intent(latest_charge=charge(failure_code=AUTHENTICATION, outcome=None))
    same, other = customer(method("pm_1")), customer(method("pm_2"))
    assert seen(invoice_since_basil(customer=same), asked).needs_authentication
    assert not seen(invoice_since_basil(customer=other), asked).needs_authentication
    assert seen(invoice_since_basil(customer=other), intent("requires_action")).needs_authentication
    declined = intent(latest_charge=charge())
    assert not seen(invoice_since_basil(customer=same), declined).needs_authentication


def test_the_customer_of_today_comes_before_what_the_invoice_froze() -> None:
    frozen = {"customer_email": "old@example.com", "customer_name": "Anna Old"}
    buyer = seen(invoice_since_basil(customer=customer(), **frozen)).customer
    assert buyer is not None
    assert (buyer.email, buyer.name, buyer.locale) == ("anna@example.com", "Anna", "de")
    erased = {"id": "cus_1", "object": "customer", "deleted": True}
    buyer = seen(invoice_since_basil(customer=erased, **frozen)).customer
    assert buyer is not None
    assert (buyer.email, buyer.name, buyer.locale) == ("old@example.com", "Anna Old", None)
    assert seen(invoice_since_basil(customer=None)).customer is None


def test_times_and_amounts_come_over_as_they_are() -> None:
    invoice = seen(
        invoice_since_basil(
            status="paid", amount_paid=2900, status_transitions={"paid_at": CREATED + 60}
        )
    )
    assert invoice.status is InvoiceStatus.PAID
    assert invoice.paid_at == datetime.fromtimestamp(CREATED + 60, UTC)
    assert invoice.stripe_retry_at == datetime.fromtimestamp(CREATED + 86_400, UTC)
    assert (invoice.amount_paid_minor, invoice.currency, invoice.number) == (2900, "eur", "BREAD-1")
    assert (invoice.subscription_id, invoice.billing_reason) == ("sub_1", "subscription_cycle")


def test_the_default_payment_among_several_is_the_one_that_is_followed() -> None:
    payments = [
        {"is_default": False, "payment": {"type": "payment_intent", "payment_intent": "pi_side"}},
        {"is_default": True, "payment": {"type": "payment_intent", "payment_intent": "pi_main"}},
    ]
    invoice = msgspec.convert(invoice_since_basil(payments={"data": payments}), doc.Invoice)
    assert default_intent(invoice) == "pi_main"
    recorded = [{"is_default": True, "payment": {"type": "payment_record"}}]
    invoice = msgspec.convert(invoice_since_basil(payments={"data": recorded}), doc.Invoice)
    assert default_intent(invoice) is None


@pytest.mark.parametrize(
    ("metadata", "agreed_on"),
    [
        ({"chargechase_sms_consent": "2026-03-14"}, date(2026, 3, 14)),
        ({"chargechase_sms_consent": "yes"}, None),
        ({"chargechase_sms_consent": ""}, None),
        ({}, None),
        (None, None),
    ],
)
def test_what_the_merchant_says_of_texts_is_read_with_the_number(
    metadata: dict[str, str] | None, agreed_on: date | None
) -> None:
    told = customer(phone="0171 3920055", metadata=metadata)
    buyer = seen(invoice_since_basil(customer=told)).customer
    assert buyer is not None
    assert (buyer.phone, buyer.texts_agreed_on) == ("0171 3920055", agreed_on)
