"""What a key may be allowed to do: as Stripe's dashboard names it, and what fails without it."""

from typing import Final

from application.ports.stripe_accounts import Permission

PERMISSIONS: Final = {
    Permission.INVOICES_WRITE: ("Invoices", "Write", "Charging a failed payment again"),
    Permission.SUBSCRIPTIONS_WRITE: ("Subscriptions", "Write", "Ending a subscription at the end"),
    Permission.CUSTOMERS_WRITE: ("Customers", "Write", "Making a new card the customer\u2019s own"),
    Permission.PAYMENT_METHODS_WRITE: ("Payment Methods", "Write", "Looking for another card"),
    Permission.CHECKOUT_SESSIONS_WRITE: (
        "Checkout Sessions",
        "Write",
        "The page where a customer enters a new card",
    ),
    Permission.CUSTOMER_PORTAL_WRITE: (
        "Customer portal",
        "Write",
        "The page where a customer replaces a card that expires",
    ),
    Permission.WEBHOOK_ENDPOINTS_WRITE: (
        "Webhook Endpoints",
        "Write",
        "Setting up the webhook endpoint by itself",
    ),
    Permission.PAYMENT_INTENTS_READ: ("PaymentIntents", "Read", "Seeing why a payment failed"),
    Permission.CHARGES_READ: ("Charges and Refunds", "Read", "Counting the declines of a card"),
    Permission.DISPUTES_READ: ("Disputes", "Read", "Sparing whoever disputes a payment"),
    Permission.EVENTS_READ: ("Events", "Read", "Finding events that were never delivered"),
    Permission.ACCOUNT_READ: ("Account", "Read", "Connecting"),
}
"""Resource and level as in Stripe's dashboard, and what needs it."""

WRONG_KEYS: Final = {
    "not_a_key": ("This is not a Stripe key.", "Paste a key that begins with rk_ or sk_, whole."),
    "publishable": (
        "This is a publishable key.",
        "It can neither read nor charge. Paste a restricted key (rk_) or a secret one (sk_).",
    ),
    "refused": (
        "Stripe does not take this key.",
        "It may have been rolled or deleted. Make a new one.",
    ),
    "wrong_mode": (
        "This key is of the other mode.",
        "Test and live are kept apart: paste a key of the mode that this installation works in.",
    ),
    "not_a_secret": (
        "This is not a signing secret.",
        "Stripe shows it on the page of the endpoint; it begins with whsec_.",
    ),
    "account_hidden": (
        "This key may not say whose it is.",
        "Give it Read for Account, and paste it again.",
    ),
    "account_taken": (
        "This Stripe account is connected already.",
        "Another team has it here. They must disconnect it first.",
    ),
    "unavailable": ("Stripe does not answer just now.", "Nothing was changed. Try again."),
}
"""Why a key will not do, and what to do about it."""


def without(permission: Permission) -> str:
    """What the merchant loses."""
    return f"{PERMISSIONS[permission][2]} will not work."
