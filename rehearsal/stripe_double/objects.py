"""Builders of the customer's side: customer, card, product, price, subscription, endpoint, account.

Every field the current version requires is there; nullable ones are present as null.
"""

from typing import Any, Final

from rehearsal.stripe_double.banks import TestBank, bank_account
from rehearsal.stripe_double.cards import TestCard
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import World

CURRENT_VERSION: Final = "2026-10-28.endive"
_NO_PROFILE: Final = dict.fromkeys(
    """mcc minority_owned_business_designation name specified_commercial_transactions_act_url
    support_address support_email support_phone support_url url""".split()
)
_NO_ADDRESS: Final = dict.fromkeys(
    ("city", "country", "line1", "line2", "postal_code", "state"), None
)
# Smart Retries' recommended default: 8 tries within two weeks, counted from the first failure
# (docs.stripe.com/billing/revenue-recovery/smart-retries).
RETRY_DAYS: Final = (1, 2, 4, 6, 8, 10, 12, 14)


def listing(data: list[Any], url: str) -> dict[str, Any]:
    """A list that is complete."""
    return {"object": "list", "data": data, "has_more": False, "url": url}


def account(key: str, name: str, api_key: str, **settings: Any) -> Document:
    """An account; what begins with an underscore says how the double treats it."""
    return {
        "id": key, "object": "account", "_account": key, "_api_key": api_key, "_revoked": False,
        "_api_version": CURRENT_VERSION, "_retries": True, "_retry_days": list(RETRY_DAYS),
        "_after_retries": "past_due", "_rate_limit": 0, "_latency_s": 0.0, "_platform": None,
        "_foreign_subscriptions": True,
        "business_profile": {**_NO_PROFILE, "name": name},
        "business_type": "company", "capabilities": {"card_payments": "active"},
        "charges_enabled": True, "controller": {"type": "account"}, "country": "US",
        "created": 1_600_000_000, "default_currency": "usd", "details_submitted": True,
        "email": f"billing@{key.replace('_', '-')}.example.com", "metadata": {},
        "payouts_enabled": True,
        "settings": _settings(name),
        "type": "standard", **settings,
    }  # fmt: skip


def _settings(name: str) -> Document:
    statement = ("statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji")
    payments = ("statement_descriptor", "statement_descriptor_kana", "statement_descriptor_kanji")
    return {
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_payments": dict.fromkeys(("statement_descriptor_prefix", *statement)),
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "payments": dict.fromkeys((*payments, *statement)),
    }


def customer(world: World, owner: str, **given: Any) -> Document:
    """A customer without a card."""
    key = given.pop("id", None) or world.new_id("cus_", 14)
    return {
        "id": key, "object": "customer", "_account": owner, "_invoices": 0,
        "address": None, "balance": 0, "created": world.now(), "currency": None,
        "customer_account": None, "default_source": None, "delinquent": False,
        "description": None, "discount": None, "email": None,
        "invoice_prefix": key[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None, "default_payment_method": None, "footer": None,
            "rendering_options": None,
        },
        "livemode": False, "metadata": {}, "name": None, "next_invoice_sequence": 1,
        "phone": None, "preferred_locales": [], "shipping": None, "tax_exempt": "none",
        "test_clock": None, **given,
    }  # fmt: skip


def payment_method(world: World, owner: str, card: TestCard, **given: Any) -> Document:
    """A card that belongs to nobody yet; `_decline` and `_requires_action` are its nature."""
    key = world.new_id("pm_1")
    billing = {"address": dict(_NO_ADDRESS), "email": None, "name": None, "phone": None}
    return {
        "id": key, "object": "payment_method", "_account": owner, "_decline": card.outcome.decline,
        "_requires_action": card.outcome.requires_action, "_authenticated": False,
        "allow_redisplay": "unspecified",
        "billing_details": {**billing, "tax_id": None, **given.pop("billing_details", {})},
        "card": {**_card(world, card), **given.pop("card", {})},
        "created": world.now(), "customer": None, "customer_account": None, "livemode": False,
        "metadata": {}, "type": "card", **given,
    }  # fmt: skip


def bank_method(world: World, owner: str, bank: TestBank, **given: Any) -> Document:
    """A bank account that belongs to nobody yet; `_decline` is what its debits come back with."""
    billing = {"address": dict(_NO_ADDRESS), "email": None, "name": None, "phone": None}
    return {
        "id": world.new_id("pm_1"), "object": "payment_method", "_account": owner,
        "_decline": bank.decline, "_requires_action": False, "_authenticated": False,
        "_mandate": None, "allow_redisplay": "unspecified",
        "billing_details": {**billing, "tax_id": None, **given.pop("billing_details", {})},
        bank.kind: bank_account(world, bank), "created": world.now(), "customer": None,
        "customer_account": None, "livemode": False, "metadata": {}, "type": bank.kind, **given,
    }  # fmt: skip


def _card(world: World, card: TestCard) -> Document:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass",
        },
        "country": card.country, "display_brand": card.brand, "exp_month": 12,
        "exp_year": world.moment().year + 3, "fingerprint": world.new_id("", 16),
        "funding": card.funding, "generated_from": None, "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True}, "wallet": None,
    }  # fmt: skip


def product(world: World, owner: str, name: str, **given: Any) -> Document:
    """A service that is sold."""
    now = world.now()
    return {
        "id": world.new_id("prod_", 14), "object": "product", "_account": owner, "active": True,
        "created": now, "default_price": None, "description": None, "images": [],
        "livemode": False, "marketing_features": [], "metadata": {}, "name": name,
        "package_dimensions": None, "shippable": None, "statement_descriptor": None,
        "tax_code": None, "tax_details": None, "type": "service", "unit_label": None,
        "updated": now, "url": None, **given,
    }  # fmt: skip


def price(
    world: World, owner: str, sold: str, amount: int, currency: str, **given: Any
) -> Document:
    """A price; recurring monthly unless told otherwise, `recurring=None` for once."""
    recurring = {
        "interval": "month", "interval_count": 1, "meter": None, "trial_period_days": None,
        "usage_type": "licensed",
    }  # fmt: skip
    document = {
        "id": world.new_id("price_1"), "object": "price", "_account": owner, "active": True,
        "billing_scheme": "per_unit", "created": world.now(), "currency": currency,
        "custom_unit_amount": None, "livemode": False, "lookup_key": None, "metadata": {},
        "nickname": None, "product": sold, "recurring": recurring, "tax_behavior": "unspecified",
        "tiers_mode": None, "transform_quantity": None, "type": "recurring",
        "unit_amount": amount, "unit_amount_decimal": str(amount), **given,
    }  # fmt: skip
    document["type"] = "recurring" if document["recurring"] else "one_time"
    return document


def _plan(priced: Document) -> Document:
    recurring = priced["recurring"]
    return {
        "id": priced["id"], "object": "plan", "active": priced["active"],
        "amount": priced["unit_amount"], "amount_decimal": priced["unit_amount_decimal"],
        "billing_scheme": "per_unit", "created": priced["created"],
        "currency": priced["currency"], "interval": recurring["interval"],
        "interval_count": recurring["interval_count"], "livemode": False, "metadata": {},
        "meter": None, "nickname": None, "product": priced["product"], "tiers_mode": None,
        "transform_usage": None, "trial_period_days": None, "usage_type": "licensed",
    }  # fmt: skip


def subscription(
    world: World, buyer: Document, priced: Document, quantity: int, end: int
) -> Document:
    """A subscription whose current period starts now and ends at `end`; no invoice yet."""
    key, now = world.new_id("sub_1"), world.now()
    item: Document = {
        "id": world.new_id("si_", 14), "object": "subscription_item", "billing_thresholds": None,
        "created": now, "current_period_end": end, "current_period_start": now,
        "current_trial": None, "discounts": [], "metadata": {}, "plan": _plan(priced),
        "price": {k: v for k, v in priced.items() if k[0] != "_"}, "quantity": quantity,
        "subscription": key, "tax_rates": [],
    }  # fmt: skip
    items = listing([item], f"/v1/subscription_items?subscription={key}")
    return {
        "id": key, "object": "subscription", "_account": buyer["_account"],
        "application": None, "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now, "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": None, "type": "classic"}, "billing_schedules": [],
        "billing_thresholds": None, "cancel_at": None, "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {
            "comment": None, "feedback": None, "feedback_option": None, "reason": None,
        },
        "collection_method": "charge_automatically", "created": now,
        "currency": priced["currency"], "customer": buyer["id"], "customer_account": None,
        "days_until_due": None, "default_payment_method": None, "default_source": None,
        "default_tax_rates": [], "description": None, "discounts": [], "ended_at": None,
        "invoice_settings": {
            "account_tax_ids": None, "custom_fields": None, "description": None, "footer": None,
            "issuer": {"type": "self"},
        },
        "items": items, "latest_invoice": None, "livemode": False, "managed_payments": None,
        "metadata": {}, "next_pending_invoice_item_invoice": None, "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None, "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None, "pending_setup_intent": None,
        "pending_update": None, "schedule": None, "start_date": now, "status": "active",
        "test_clock": None, "transfer_data": None, "trial_end": None,
        "trial_settings": {
            "end_behavior": {
                "billing_cycle_anchor": None, "missing_payment_method": "create_invoice",
            }
        },
        "trial_start": None,
    }  # fmt: skip


def webhook_endpoint(world: World, owner: str, url: str, events: list[str]) -> Document:
    """An endpoint; `_secrets` are all that sign, the newest first."""
    return {
        "id": world.new_id("we_1"), "object": "webhook_endpoint", "_account": owner,
        "_secrets": ["whsec_" + world.new_id("", 32)], "_connect": False, "api_version": None,
        "application": None, "created": world.now(), "description": None,
        "enabled_events": events, "livemode": False, "metadata": {}, "status": "enabled",
        "url": url,
    }  # fmt: skip
