"""The two shapes: documents are kept as today's API has them, older versions are rendered from it.

The boundary is 2025-03-31.basil, which took the payment intent, the charge and the subscription
out of the invoice (docs.stripe.com/changelog/basil).
"""

from collections.abc import Callable
from typing import Any, Final

BASIL: Final = "2025-03-31"

Json = dict[str, Any]


# Objects older versions do not know, so that their endpoints never hear of them.
UNKNOWN_TO_OLD: Final = frozenset({"invoice_payment", "radar.early_fraud_warning"})


def is_old(version: str | None) -> bool:
    """Whether a version is from before basil; absent means today's."""
    return version is not None and version[:10] < BASIL


def render(document: Json, old: bool) -> Json:
    """The document as that shape shows it, without the double's own fields, at every depth."""
    if document.get("_frozen"):  # an event, whose snapshot has its shape already
        return {key: value for key, value in document.items() if key != "_frozen"}
    older = _OLD.get(document.get("object", "")) if old else None
    seen = older(document) if older else document
    return {
        key: value if key == "metadata" else _inside(value, old)
        for key, value in seen.items()
        if not key.startswith("_")
    }


def previous(kind: str, before: Json, old: bool) -> Json:
    """What an object was before, as that shape names it: old subscriptions had the period."""
    seen = {name: _inside(value, old) for name, value in before.items()}
    if old and kind == "subscription" and "items" in before:
        item = before["items"]["data"][0]
        for name in ("current_period_end", "current_period_start"):
            seen[name] = item[name]
    return seen


def _inside(value: Any, old: bool) -> Any:
    if isinstance(value, dict):
        return render(value, old)
    if isinstance(value, list):
        return [_inside(item, old) for item in value]
    return value


def _without(document: Json, names: str) -> Json:
    gone = frozenset(names.split())
    return {key: value for key, value in document.items() if key not in gone}


def _invoice(document: Json) -> Json:
    kept = _without(
        document,
        """amount_overpaid amount_paid_off_stripe parent payments total_taxes customer_account
        confirmation_secret status_details total_pretax_credit_amounts issuer rendering
        automatically_finalizes_at""",
    )
    parent = document["parent"] or {}
    details = parent.get("subscription_details")
    out_of_band = document["_paid_out_of_band"]
    if document["billing_reason"] == "upcoming":  # what did not exist yet had no id
        kept = _without(kept, "id")
    return {
        **kept, "application_fee_amount": None, "charge": document["_charge"], "discount": None,
        # before basil money from outside Stripe was not counted as paid
        "amount_paid": 0 if out_of_band else document["amount_paid"],
        "automatic_tax": {"enabled": False, "status": None},
        "paid": document["status"] == "paid", "paid_out_of_band": out_of_band,
        "payment_intent": document["_payment_intent"], "quote": None, "rendering_options": None,
        "subscription": document["_subscription"],
        "subscription_details": {"metadata": details["metadata"] if details else None},
        "tax": None, "total_tax_amounts": [], "transfer_data": None,
    }  # fmt: skip


def _line_item(document: Json) -> Json:
    kept = _without(
        document, "invoice parent pricing pretax_credit_amounts subtotal taxes quantity_decimal"
    )
    parent = document["parent"]
    item = parent["subscription_item_details"]
    pricing = document["pricing"] or {}
    bought = (
        {"subscription_item": item["subscription_item"], "type": "subscription"}
        if item
        else {"invoice_item": parent["invoice_item_details"]["invoice_item"], "type": "invoiceitem"}
    )
    return {
        **kept, **bought, "amount_excluding_tax": document["amount"], "proration": False,
        "price": document.get("_price"), "proration_details": {"credited_items": None},
        "tax_amounts": [], "tax_rates": [],
        "unit_amount_excluding_tax": pricing.get("unit_amount_decimal"),
    }  # fmt: skip


def _payment_method(document: Json) -> Json:
    kept = _without(document, "allow_redisplay customer_account")
    billing = {"billing_details": _without(document["billing_details"], "tax_id")}
    if document["type"] != "card":
        return {**kept, **billing}
    card = _without(document["card"], "display_brand regulated_status")
    return {**kept, **billing, "card": card}


def _payment_intent(document: Json) -> Json:
    kept = _without(
        document,
        """allowed_payment_method_types customer_account excluded_payment_method_types
        managed_payments payment_method_configuration_details payment_record source""",
    )
    error = document["last_payment_error"]
    told = (
        _without(error, "advice_code network_advice_code network_decline_code") if error else None
    )
    return {**kept, "invoice": document["_invoice"], "last_payment_error": told}


def _charge(document: Json) -> Json:
    return {
        **_without(document, "source"),
        "billing_details": _without(document["billing_details"], "tax_id"),
        "invoice": document["_invoice"],
        "outcome": _without(
            document["outcome"], "advice_code network_advice_code network_decline_code"
        ),
        "payment_method_details": _charged_method(document["payment_method_details"]),
    }


def _charged_method(details: Json) -> Json:
    kind = details["type"]
    kept = _without(
        details[kind],
        """amount_authorized authorization_code electronic_commerce_indicator
        network_transaction_id regulated_status transaction_link_id expected_debit_date
        payment_reference""",
    )
    if kind == "us_bank_account":  # its mandate came later
        kept = _without(kept, "mandate")
    return {"type": kind, kind: kept}


def _subscription(document: Json) -> Json:
    kept = _without(
        document,
        """billing_cycle_anchor_config billing_mode billing_schedules customer_account
        invoice_settings managed_payments discounts status_details""",
    )
    item = document["items"]["data"][0]
    ending = document["trial_settings"]["end_behavior"]
    return {
        **kept, "automatic_tax": {"enabled": False},
        "cancellation_details": _without(document["cancellation_details"], "feedback_option"),
        "trial_settings": {"end_behavior": _without(ending, "billing_cycle_anchor")},
        "current_period_end": item["current_period_end"],
        "current_period_start": item["current_period_start"], "discount": None,
        "plan": item["plan"], "quantity": item["quantity"],
    }  # fmt: skip


def _subscription_item(document: Json) -> Json:
    return _without(document, "current_period_end current_period_start current_trial discounts")


def _price(document: Json) -> Json:
    recurring = document["recurring"]
    kept = _without(recurring, "meter trial_period_days") if recurring else None
    return {**document, "recurring": kept}


def _plan(document: Json) -> Json:
    return _without(document, "meter")


def _refund(document: Json) -> Json:
    return _without(document, "customer customer_account payment_method")


def _dispute(document: Json) -> Json:
    kept = _without(document, "enhanced_eligibility_types intended_submission_method")
    card = document.get("payment_method_details", {}).get("card")
    details = {"type": "card", "card": _without(card, "case_type network")} if card else {}
    return {
        **kept,
        "evidence": _without(document["evidence"], "enhanced_evidence"),
        "evidence_details": _without(
            document["evidence_details"], "enhanced_eligibility submission_method"
        ),
        **({"payment_method_details": details} if card else {}),
    }


def _product(document: Json) -> Json:
    return {**_without(document, "marketing_features tax_details type"), "features": []}


def _account(document: Json) -> Json:
    profile = _without(
        document["business_profile"],
        "minority_owned_business_designation specified_commercial_transactions_act_url",
    )
    return {**document, "business_profile": profile}


def _customer(document: Json) -> Json:
    return _without(document, "customer_account")


def _portal_session(document: Json) -> Json:
    flow = document["flow"]
    kept = _without(flow, "customer_update subscription_pause") if flow else None
    return {**_without(document, "customer_account"), "flow": kept}


def _setup_intent(document: Json) -> Json:
    error = document["last_setup_error"]
    kept = _without(
        document,
        """allowed_payment_method_types customer_account excluded_payment_method_types
        payment_method_configuration_details""",
    )
    told = (
        _without(error, "advice_code network_advice_code network_decline_code") if error else None
    )
    return {**kept, "last_setup_error": told}


def _checkout_session(document: Json) -> Json:
    kept = _without(
        document,
        """adaptive_pricing allowed_payment_method_types client_secret collected_information
        customer_account discounts integration_identifier managed_payments origin_context
        payment_method_configuration_details permissions saved_payment_method_options ui_mode
        wallet_options""",
    )
    return {
        **kept, "automatic_tax": {"enabled": False, "status": None},
        "custom_text": _without(
            document["custom_text"], "after_submit terms_of_service_acceptance"
        ),
    }  # fmt: skip


_OLD: Final[dict[str, Callable[[Json], Json]]] = {
    "account": _account,
    "checkout.session": _checkout_session,
    "customer": _customer,
    "setup_intent": _setup_intent,
    "invoice": _invoice,
    "line_item": _line_item,
    "payment_intent": _payment_intent,
    "payment_method": _payment_method,
    "charge": _charge,
    "subscription": _subscription,
    "subscription_item": _subscription_item,
    "plan": _plan,
    "price": _price,
    "product": _product,
    "refund": _refund,
    "dispute": _dispute,
    "billing_portal.session": _portal_session,
}
