"""Disputes, fraud warnings and refunds that come back: money that leaves after it was there."""

from typing import Any, Final

from rehearsal.stripe_double import forms
from rehearsal.stripe_double.api import PAGING, Call, find, owner_of, page, route
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import DAY_S, Cause, World

BANK: Final = Cause("bank")
ANSWER_WITHIN_S: Final = 14 * DAY_S
_EVIDENCE: Final = """access_activity_log billing_address cancellation_policy
    cancellation_policy_disclosure cancellation_rebuttal customer_communication
    customer_email_address customer_name customer_purchase_ip customer_signature
    duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id
    product_description receipt refund_policy refund_policy_disclosure
    refund_refusal_explanation service_date service_documentation shipping_address
    shipping_carrier shipping_date shipping_documentation shipping_tracking_number
    uncategorized_file uncategorized_text""".split()
_STATUS: Final = {"respond": "under_review", "win": "won", "lose": "lost"}
_OPEN: Final = frozenset({"needs_response", "under_review"})


def open_one(world: World, charged: Document, amount: int, reason: str) -> Document | None:
    """The customer disputes a charge and their bank takes the money at once; None: once is all."""
    if charged["disputed"]:
        return None
    made = world.store.insert(_dispute(world, charged, amount, reason))
    charged["disputed"] = True
    world.store.touch(charged)
    emit(world, "charge.dispute.created", made, BANK)
    emit(world, "charge.dispute.funds_withdrawn", made, BANK)
    return made


def carry_on(world: World, charged: Document, do: str) -> Document | None:
    """Evidence was sent, or the bank has decided; None when no dispute is open."""
    found = next(world.store.newest_first("dispute", charged["_account"], "charge", charged["id"]),
                 None)  # fmt: skip
    if found is None or found["status"] not in _OPEN:
        return None
    before = {"status": found["status"]}
    found["status"] = _STATUS[do]
    if do == "respond":
        found["evidence_details"].update(
            has_evidence=True, submission_count=1, submission_method="manual"
        )
    world.store.touch(found)
    emit(world, "charge.dispute.updated", found, BANK, before)
    if do == "win":
        emit(world, "charge.dispute.funds_reinstated", found, BANK)
    if do in {"win", "lose"}:
        emit(world, "charge.dispute.closed", found, BANK)
    return found


def _dispute(world: World, charged: Document, amount: int, reason: str) -> Document:
    kind = charged["payment_method_details"]["type"]
    brand = charged["payment_method_details"][kind].get("brand", kind)
    details = {"brand": brand, "case_type": "chargeback", "network": brand,
               "network_reason_code": "10.4"}  # fmt: skip
    return {
        "id": world.new_id("du_1"), "object": "dispute", "_account": charged["_account"],
        "amount": amount, "balance_transactions": [], "charge": charged["id"],
        "created": world.now(), "currency": charged["currency"], "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": world.now() + ANSWER_WITHIN_S, "enhanced_eligibility": {},
            "has_evidence": False, "past_due": False, "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None, "is_charge_refundable": False, "livemode": False,
        "metadata": {}, "payment_intent": charged["payment_intent"], "reason": reason,
        "status": "needs_response",
        **({"payment_method_details": {"type": "card", "card": details}} if kind == "card" else {}),
    }  # fmt: skip


def warn(world: World, charged: Document) -> Document:
    """The issuer takes the charge for fraud; a dispute often follows."""
    made = world.store.insert(
        {
            "id": world.new_id("issfr_1"), "object": "radar.early_fraud_warning",
            "_account": charged["_account"], "actionable": not charged["disputed"],
            "charge": charged["id"], "created": world.now(),
            "fraud_type": "made_with_stolen_card", "livemode": False,
            "payment_intent": charged["payment_intent"],
        }
    )  # fmt: skip
    emit(world, "radar.early_fraud_warning.created", made, BANK)
    return made


def send_back(world: World, refunded: Document, status: str) -> None:
    """A refund did not arrive: the money is the merchant's again."""
    charged = world.store.get("charge", refunded["charge"])
    assert charged is not None
    before = {"status": refunded["status"]}
    refunded["status"] = status
    if status == "failed":
        refunded["failure_reason"] = "expired_or_canceled_card"
    charged["amount_refunded"] -= refunded["amount"]
    charged["refunded"] = False
    world.store.touch(refunded)
    world.store.touch(charged)
    emit(world, "refund.updated", refunded, BANK, before)
    emit(world, "charge.refund.updated", refunded, BANK, before)
    if status == "failed":
        emit(world, "refund.failed", refunded, BANK)


def retrieve(call: Call) -> Document:
    """One dispute."""
    return find(call, "dispute", call.at["id"])


def listed(call: Call) -> Document:
    """Disputes of a charge or a payment intent, or all."""
    intent = forms.text(call.params, "payment_intent")

    def fits(found: dict[str, Any]) -> bool:
        return intent in {None, found["payment_intent"]}

    return page(call, "dispute", owner_of(call, "charge"), fits)


ROUTES: Final = (
    route("GET", "/v1/disputes", listed, f"{PAGING} created charge payment_intent"),
    route("GET", "/v1/disputes/{id}", retrieve),
)
