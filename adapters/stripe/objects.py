"""Where Stripe keeps each kind of thing that an event may only name."""

from types import MappingProxyType
from typing import Final
from urllib.parse import quote

# By the `object` of Stripe's own documents. Source: docs.stripe.com/api.
PATHS: Final = MappingProxyType(
    {
        "charge": "/v1/charges",
        "checkout.session": "/v1/checkout/sessions",
        "dispute": "/v1/disputes",
        "invoice": "/v1/invoices",
        "invoice_payment": "/v1/invoice_payments",
        "mandate": "/v1/mandates",
        "payment_method": "/v1/payment_methods",
        "radar.early_fraud_warning": "/v1/radar/early_fraud_warnings",
        "refund": "/v1/refunds",
        "setup_intent": "/v1/setup_intents",
        "subscription": "/v1/subscriptions",
    }
)


def path_of(kind: str, object_id: str) -> str:
    """Where to read a thing. Raises KeyError for a kind that no event of ours names."""
    return f"{PATHS[kind]}/{quote(object_id, safe='')}"
