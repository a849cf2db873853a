"""What Stripe sends, in the shapes before and after 2025-03-31.basil."""

import json
from typing import Any

OLD, NEW = "2024-06-20", "2026-10-28.endive"
CREATED = 1_772_445_600
SCHEDULED = {"id": None, "idempotency_key": None}


def invoice_before_basil(**changes: Any) -> dict[str, Any]:
    """As an endpoint of 2024-06-20 gets it: payment intent, charge and subscription by id."""
    return {
        "id": "in_1", "object": "invoice", "amount_due": 2900, "amount_paid": 0,
        "amount_remaining": 2900, "attempt_count": 1, "attempted": True, "auto_advance": True,
        "billing_reason": "subscription_cycle", "charge": "ch_1",
        "collection_method": "charge_automatically", "currency": "eur", "customer": "cus_1",
        "default_payment_method": None, "next_payment_attempt": CREATED + 86_400,
        "number": "BREAD-1", "paid": False, "paid_out_of_band": False, "payment_intent": "pi_1",
        "status": "open", "subscription": "sub_1", "subscription_details": {"metadata": {}},
        "total": 2900, **changes,
    }  # fmt: skip


def invoice_since_basil(**changes: Any) -> dict[str, Any]:
    """As the API shows it today: payments only when expanded, the subscription under `parent`."""
    return {
        "id": "in_1", "object": "invoice", "amount_due": 2900, "amount_overpaid": 0,
        "amount_paid": 0, "amount_paid_off_stripe": 0, "amount_remaining": 2900,
        "attempt_count": 1, "attempted": True, "auto_advance": True,
        "billing_reason": "subscription_cycle", "collection_method": "charge_automatically",
        "currency": "eur", "customer": "cus_1", "customer_account": None,
        "default_payment_method": None, "next_payment_attempt": CREATED + 86_400,
        "number": "BREAD-1",
        "parent": {
            "quote_details": None, "type": "subscription_details",
            "subscription_details": {"metadata": {}, "subscription": "sub_1"},
        },
        "status": "open", "total": 2900, **changes,
    }  # fmt: skip


SHAPES = {OLD: invoice_before_basil, NEW: invoice_since_basil}


def event(kind: str, subject: dict[str, Any], **changes: Any) -> bytes:
    """An event of a connected account, caused by Stripe\'s own schedule."""
    body = {
        "id": "evt_1", "object": "event", "account": "acct_bakery", "api_version": NEW,
        "created": CREATED, "data": {"object": subject}, "livemode": False,
        "pending_webhooks": 1, "request": SCHEDULED, "type": kind, **changes,
    }  # fmt: skip
    return json.dumps(body).encode()
