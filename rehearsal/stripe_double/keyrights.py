"""Restricted keys: which permission a request takes, and the refusal of a key that lacks it.

A permission is named like the one in Stripe's message: `rak_invoice_write`; write includes read.
Stripe documents the refusal as an invalid request, and its library reads 403 as a missing
permission: so the double answers 403 with `type` invalid_request_error and the words seen in
public reports. To be checked on a real account.
"""

from collections.abc import Iterable
from typing import Final

from rehearsal.stripe_double.errors import StripeError

# By the beginning of the path, longer ones first.
_RESOURCES: Final = (
    ("/v1/billing_portal/", "customer_portal"),
    ("/v1/checkout/sessions", "checkout_session"),
    ("/v1/webhook_endpoints", "webhook"),
    ("/v1/payment_methods", "payment_method"),
    ("/v1/payment_intents", "payment_intent"),
    ("/v1/invoice_payments", "invoice"),
    ("/v1/invoiceitems", "invoice"),
    ("/v1/invoices", "invoice"),
    ("/v1/subscriptions", "subscription"),
    ("/v1/setup_intents", "setup_intent"),
    ("/v1/customers", "customer"),
    ("/v1/charges", "charge"),
    ("/v1/refunds", "charge"),
    ("/v1/disputes", "dispute"),
    ("/v1/events", "event"),
    ("/v1/account", "account"),
)


def check(method: str, path: str, key: str, account: str, allowed: Iterable[str]) -> None:
    """Raises StripeError (403) unless one of `allowed` covers the request."""
    resource = _resource(path)
    wanted = f"rak_{resource}_{'read' if method == 'GET' else 'write'}"
    if wanted in allowed or f"rak_{resource}_write" in allowed:
        return
    shown = f"{key[:8]}{'*' * 12}{key[-4:]}"
    raise StripeError(
        403,
        "invalid_request_error",
        f"The provided key '{shown}' does not have the required permissions for this endpoint on "
        f"account '{account}'. Having the '{wanted}' permission would allow this request to "
        "continue.",
    )


def _resource(path: str) -> str:
    if path.startswith("/v1/customers/") and path.endswith("/payment_methods"):
        return "payment_method"
    found = (name for start, name in _RESOURCES if path.startswith(start))
    return next(found, path.removeprefix("/v1/").partition("/")[0].removesuffix("s"))
