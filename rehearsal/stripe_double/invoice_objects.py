"""Builders of the money's side: invoice, its lines and payments, payment intent, charge, refund."""

from typing import Any

from msgspec import Struct

from rehearsal.stripe_double import cards
from rehearsal.stripe_double.banks import debited_account
from rehearsal.stripe_double.objects import listing
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import World


class Billed(Struct, frozen=True):
    """What one invoice line says: an amount for a thing over a period, in minor units."""

    amount_minor: int
    currency: str
    description: str
    start: int
    end: int
    item: Document | None = None


def invoice(world: World, merchant: Document, buyer: Document, line: Billed | None) -> Document:
    """A draft for one line (none gives a draft over nothing); not finalized, no payment yet."""
    key, now = world.new_id("in_1"), world.now()
    amount = line.amount_minor if line else 0
    lines = [_line(world, key, line)] if line else []
    return {
        "id": key, "object": "invoice", "_account": merchant["id"], "_subscription": None,
        "_payment_intent": None, "_charge": None, "_paid_out_of_band": False, "_charges": 0,
        "_slot": 0, "_first_failed_at": None, "_stopped_pm": None, "_closed_wall": None,
        "_token": world.new_id("", 24),
        "account_country": merchant["country"],
        "account_name": merchant["settings"]["dashboard"]["display_name"],
        "account_tax_ids": None, "amount_due": amount, "amount_overpaid": 0, "amount_paid": 0,
        "amount_paid_off_stripe": 0, "amount_remaining": amount, "amount_shipping": 0,
        "application": None, "attempt_count": 0, "attempted": False, "auto_advance": False,
        "automatic_tax": {
            "disabled_reason": None, "enabled": False, "liability": None, "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None, "billing_reason": "manual",
        "collection_method": "charge_automatically", "created": now,
        "currency": line.currency if line else merchant["default_currency"],
        "custom_fields": None, "customer": buyer["id"], "customer_account": None,
        "customer_address": buyer["address"], "customer_email": buyer["email"],
        "customer_name": buyer["name"], "customer_phone": buyer["phone"],
        "customer_shipping": None, "customer_tax_exempt": "none", "customer_tax_ids": [],
        "default_payment_method": None, "default_source": None, "default_tax_rates": [],
        "description": None, "discounts": [], "due_date": None, "effective_at": None,
        "ending_balance": None, "footer": None, "from_invoice": None,
        "hosted_invoice_url": None, "invoice_pdf": None, "issuer": {"type": "self"},
        "last_finalization_error": None, "latest_revision": None,
        "lines": listing(lines, f"/v1/invoices/{key}/lines"), "livemode": False, "metadata": {},
        "next_payment_attempt": None, "number": None, "on_behalf_of": None, "parent": None,
        "payment_settings": {
            "default_mandate": None, "payment_method_options": None, "payment_method_types": None,
        },
        "period_end": line.end if line else now, "period_start": line.start if line else now,
        "post_payment_credit_notes_amount": 0, "pre_payment_credit_notes_amount": 0,
        "receipt_number": None, "rendering": None, "shipping_cost": None,
        "shipping_details": None, "starting_balance": 0, "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None, "marked_uncollectible_at": None, "paid_at": None,
            "voided_at": None,
        },
        "subtotal": amount, "subtotal_excluding_tax": amount, "test_clock": None,
        "total": amount, "total_discount_amounts": [], "total_excluding_tax": amount,
        "total_pretax_credit_amounts": [], "total_taxes": [], "webhooks_delivered_at": now,
    }  # fmt: skip


def _line(world: World, invoice_id: str, line: Billed) -> Document:
    return {
        "id": world.new_id("il_1"), "object": "line_item", "amount": line.amount_minor,
        "currency": line.currency, "description": line.description, "discount_amounts": [],
        "discountable": True, "discounts": [], "invoice": invoice_id, "livemode": False,
        "metadata": {}, "parent": _line_parent(world, line.item),
        "period": {"end": line.end, "start": line.start}, "pretax_credit_amounts": [],
        "pricing": _pricing(line.item), "quantity": line.item["quantity"] if line.item else 1,
        "quantity_decimal": None,
        "subscription": line.item["subscription"] if line.item else None,
        "subtotal": line.amount_minor, "taxes": [],
    }  # fmt: skip


def _line_parent(world: World, item: Document | None) -> Document:
    shared = {"proration": False, "proration_details": None}
    if item is None:
        key = world.new_id("ii_1")
        details = {"invoice_item": key, "subscription": None, **shared}
        return {
            "type": "invoice_item_details", "invoice_item_details": details,
            "subscription_item_details": None,
        }  # fmt: skip
    details = {
        "invoice_item": None, "subscription": item["subscription"],
        "subscription_item": item["id"], **shared,
    }  # fmt: skip
    return {
        "type": "subscription_item_details", "invoice_item_details": None,
        "subscription_item_details": details,
    }  # fmt: skip


def _pricing(item: Document | None) -> Document | None:
    if item is None:
        return None
    priced = item["price"]
    return {
        "type": "price_details", "unit_amount_decimal": priced["unit_amount_decimal"],
        "price_details": {"price": priced["id"], "product": priced["product"]},
    }  # fmt: skip


def payment_intent(world: World, billed: Document) -> Document:
    """The payment intent an invoice gets when it is finalized."""
    key = world.new_id("pi_3")
    return {
        "id": key, "object": "payment_intent", "_account": billed["_account"],
        "_invoice": billed["id"], "allowed_payment_method_types": ["card"],
        "amount": billed["amount_due"], "amount_capturable": 0, "amount_received": 0,
        "amount_details": {"tip": {}}, "application": None, "application_fee_amount": None,
        "automatic_payment_methods": None, "canceled_at": None, "cancellation_reason": None,
        "capture_method": "automatic", "client_secret": f"{key}_secret_{world.new_id('', 25)}",
        "confirmation_method": "automatic", "created": world.now(),
        "currency": billed["currency"], "customer": billed["customer"], "customer_account": None,
        "description": "Subscription update" if billed["parent"] else "Payment for Invoice",
        "excluded_payment_method_types": None, "last_payment_error": None, "latest_charge": None,
        "livemode": False, "managed_payments": None, "metadata": {}, "next_action": None,
        "on_behalf_of": None, "payment_method": None,
        "payment_method_configuration_details": None, "payment_method_options": {},
        "payment_method_types": ["card"], "payment_record": None, "processing": None,
        "receipt_email": None, "review": None, "setup_future_usage": "off_session",
        "shipping": None, "source": None, "statement_descriptor": None,
        "statement_descriptor_suffix": None, "status": "requires_payment_method",
        "transfer_group": None,
    }  # fmt: skip


def invoice_payment(world: World, billed: Document, intent: Document) -> Document:
    """The link between an invoice and the intent that is to pay it."""
    return {
        "id": world.new_id("inpay_1"), "object": "invoice_payment", "_account": billed["_account"],
        "_payment_intent": intent["id"], "amount_paid": None,
        "amount_requested": intent["amount"], "created": world.now(),
        "currency": intent["currency"], "invoice": billed["id"], "is_default": True,
        "livemode": False, "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open", "status_transitions": {"canceled_at": None, "paid_at": None},
    }  # fmt: skip


def charge(world: World, intent: Document, card: Document, decline: str | None) -> Document:
    """One authorization: captured, or failed with what the issuer and the network said."""
    paid = decline is None
    amount = intent["amount"]
    return {
        "id": world.new_id("ch_3"), "object": "charge", "_account": intent["_account"],
        "_invoice": intent["_invoice"], "amount": amount,
        "amount_captured": amount if paid else 0, "amount_refunded": 0, "application": None,
        "application_fee": None, "application_fee_amount": None, "balance_transaction": None,
        "billing_details": dict(card["billing_details"]),
        "calculated_statement_descriptor": "CHARGECHASE DEMO", "captured": paid,
        "created": world.now(), "currency": intent["currency"], "customer": intent["customer"],
        "description": intent["description"], "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None if decline is None else cards.error_code(decline),
        "failure_message": None if decline is None else cards.message(decline),
        "fraud_details": {}, "livemode": False, "metadata": {}, "on_behalf_of": None,
        "outcome": _outcome(decline, card["card"]["brand"] if "card" in card else ""),
        "paid": paid,
        "payment_intent": intent["id"], "payment_method": card["id"],
        "payment_method_details": _details(card, amount, paid),
        "radar_options": {}, "receipt_email": None, "receipt_number": None, "receipt_url": None,
        "refunded": False, "review": None, "shipping": None, "source": None,
        "source_transfer": None, "statement_descriptor": None,
        "statement_descriptor_suffix": None, "status": "succeeded" if paid else "failed",
        "transfer_data": None, "transfer_group": None,
    }  # fmt: skip


def _outcome(decline: str | None, brand: str) -> dict[str, Any]:
    if decline is None:
        return {
            "advice_code": None, "network_advice_code": None, "network_decline_code": None,
            "network_status": "approved_by_network", "reason": None, "risk_level": "normal",
            "risk_score": 20, "seller_message": "Payment complete.", "type": "authorized",
        }  # fmt: skip
    return {
        "advice_code": cards.advice(decline),
        "network_advice_code": cards.network_advice_code(decline, brand),
        "network_decline_code": cards.network_decline_code(decline, brand),
        "network_status": "declined_by_network", "reason": decline, "risk_level": "normal",
        "risk_score": 20, "seller_message": "The bank did not approve this payment.",
        "type": "issuer_declined",
    }  # fmt: skip


def _details(method: Document, amount: int, paid: bool) -> Document:
    if method["type"] == "card":
        return {"type": "card", "card": _charged_card(method, amount, paid)}
    return {"type": method["type"], method["type"]: debited_account(method)}


def _charged_card(card: Document, amount: int, paid: bool) -> Document:
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding",
            "last4", "regulated_status", "wallet")  # fmt: skip
    return {
        **{name: card["card"][name] for name in kept},
        "amount_authorized": amount if paid else None,
        "authorization_code": "123456" if paid else None, "electronic_commerce_indicator": None,
        "installments": None, "mandate": None, "network": card["card"]["brand"],
        "network_token": {"used": False}, "network_transaction_id": None,
        "three_d_secure": None, "transaction_link_id": None,
    }  # fmt: skip


def refund(world: World, charged: Document, amount_minor: int, reason: str | None) -> Document:
    """Money given back at once."""
    return {
        "id": world.new_id("re_3"), "object": "refund", "_account": charged["_account"],
        "amount": amount_minor, "balance_transaction": None, "charge": charged["id"],
        "created": world.now(), "currency": charged["currency"], "customer": charged["customer"],
        "customer_account": None, "metadata": {}, "payment_intent": charged["payment_intent"],
        "payment_method": charged["payment_method"], "reason": reason, "receipt_number": None,
        "source_transfer_reversal": None, "status": "succeeded", "transfer_reversal": None,
    }  # fmt: skip
