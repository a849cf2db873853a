"""The life of an invoice apart from collecting: finalized, voided, written off, tried by Stripe."""

import time
from typing import Any

from rehearsal.stripe_double import bills, debits
from rehearsal.stripe_double.billing import card_for, collect
from rehearsal.stripe_double.errors import refused
from rehearsal.stripe_double.events import changed, emit
from rehearsal.stripe_double.invoice_objects import Billed, invoice_payment, payment_intent
from rehearsal.stripe_double.invoice_objects import invoice as build_invoice
from rehearsal.stripe_double.outcomes import failed, settle
from rehearsal.stripe_double.retries import (
    FIRST_TRY_S,
    exhausted,
    plan_first,
    plan_slot,
    will_retry,
)
from rehearsal.stripe_double.standing import end, follow_invoice, set_status
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import SCHEDULE, Cause, World


def draft(world: World, buyer: Document, line: Billed | None, **given: Any) -> Document:
    """A new draft for a customer, not announced yet."""
    merchant = world.store.get("account", buyer["_account"])
    assert merchant is not None
    return world.store.insert({**build_invoice(world, merchant, buyer, line), **given})


def finalize(world: World, billed: Document, cause: Cause, base_url: str) -> None:
    """Number the invoice, give it its payment intent and page, open it; nothing due is paid."""
    if billed["status"] != "draft":
        raise refused(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice."
        )
    now = world.now()
    buyer = world.store.get("customer", billed["customer"])
    assert buyer is not None
    number = f"{buyer['invoice_prefix']}-{buyer['next_invoice_sequence']:04d}"
    buyer["next_invoice_sequence"] += 1
    world.store.touch(buyer)
    page = f"{base_url}/i/{billed['_account']}/{billed['_token']}"
    billed.update(
        status="open", number=number, effective_at=now, ending_balance=0,
        hosted_invoice_url=page, invoice_pdf=f"{page}/pdf",
    )  # fmt: skip
    billed["status_transitions"]["finalized_at"] = now
    world.store.insert(
        {
            "object": "page",
            "id": billed["_token"],
            "_account": billed["_account"],
            "invoice": billed["id"],
        }
    )
    if billed["amount_due"]:
        _open_payment(world, billed, cause)
    world.store.touch(billed)
    emit(world, "invoice.finalized", billed, cause)
    bills.wait_for(world, billed)
    if not billed["amount_due"]:
        settle(world, billed, cause)


def _open_payment(world: World, billed: Document, cause: Cause) -> None:
    intent = world.store.insert(payment_intent(world, billed))
    billed["_payment_intent"] = intent["id"]
    world.store.insert(invoice_payment(world, billed, intent))
    emit(world, "payment_intent.created", intent, cause)


def void(world: World, billed: Document, cause: Cause) -> None:
    """Cancel the debt for ever."""
    if billed["status"] not in {"open", "uncollectible"}:
        raise refused(f"You can only void open or uncollectible invoices. This invoice is "
                      f"{billed['status']}.")  # fmt: skip
    if debits.in_flight(world, billed):
        raise refused(debits.IN_FLIGHT, code="payment_intent_unexpected_state")
    _retire(world, billed, cause, "void", "voided_at")
    _cancel_payment(world, billed, cause)
    emit(world, "invoice.voided", billed, cause)
    follow_invoice(world, billed, cause)


def mark_uncollectible(
    world: World, billed: Document, cause: Cause, reason: str = "payment_not_received"
) -> None:
    """Write the debt off; it may still be paid."""
    if billed["status"] != "open":
        raise refused(
            f"You can only mark open invoices as uncollectible. This invoice is {billed['status']}."
        )
    billed["status_details"] = {"uncollectible": {"reason": reason}}
    _retire(world, billed, cause, "uncollectible", "marked_uncollectible_at")
    emit(world, "invoice.marked_uncollectible", billed, cause)
    follow_invoice(world, billed, cause)


def _retire(world: World, billed: Document, cause: Cause, status: str, stamp: str) -> None:
    names = ("status", "auto_advance", "next_payment_attempt")
    before = {name: billed[name] for name in names}
    billed.update(
        status=status, auto_advance=False, next_payment_attempt=None, _closed_wall=time.time()
    )
    billed["status_transitions"][stamp] = world.now()
    world.store.touch(billed)
    emit(world, "invoice.updated", billed, cause, changed(before, billed))


def _cancel_payment(world: World, billed: Document, cause: Cause) -> None:
    now = world.now()
    intent = world.store.get("payment_intent", billed["_payment_intent"])
    if intent and intent["status"] != "succeeded":
        intent.update(status="canceled", canceled_at=now, cancellation_reason="void_invoice")
        world.store.touch(intent)
        emit(world, "payment_intent.canceled", intent, cause)
    for link in world.store.newest_first(
        "invoice_payment", billed["_account"], "invoice", billed["id"]
    ):
        link["status"] = "canceled"
        link["status_transitions"]["canceled_at"] = now
        world.store.touch(link)


def retry(world: World, key: str) -> None:
    """Stripe's own next try, if this is still the slot the invoice waits for."""
    billed = world.store.get("invoice", key)
    if billed is None or not will_retry(world, billed):
        return
    due = billed["next_payment_attempt"]
    if due is None or due > world.now():
        return
    billed["next_payment_attempt"] = None
    card = card_for(world, billed)
    if card is None or card["id"] == billed["_stopped_pm"]:
        # the slot is used up and counted, though no charge is made until there is a new card
        failed(world, billed, SCHEDULE)
    else:
        collect(world, billed, SCHEDULE)
    if billed["status"] == "open" and exhausted(world, billed):
        _give_up(world, billed)


def _give_up(world: World, billed: Document) -> None:
    """What the account chose for the end of the retries."""
    merchant = world.store.get("account", billed["_account"]) or {}
    subscription = world.store.get("subscription", billed["_subscription"])
    match merchant["_after_retries"]:
        case "cancel" if subscription:
            end(world, subscription, "payment_failed", SCHEDULE)
        case "unpaid" if subscription:
            set_status(world, subscription, "unpaid", SCHEDULE)
        case "uncollectible":
            mark_uncollectible(world, billed, SCHEDULE, "max_payment_attempts")
        case _:
            pass


def set_auto_advance(world: World, billed: Document, wanted: bool) -> None:
    """Stop or resume Stripe's own collection of an open invoice."""
    billed["auto_advance"] = wanted
    if not wanted:
        billed["next_payment_attempt"] = None
    elif billed["status"] == "draft":
        plan_finalization(world, billed)
    elif billed["attempted"] and will_retry(world, billed):
        plan_slot(world, billed)
    else:
        plan_first(world, billed)


def plan_finalization(world: World, billed: Document) -> None:
    """An advancing draft is finalized by itself after its hour of grace."""
    billed["automatically_finalizes_at"] = world.now() + FIRST_TRY_S
    world.at(billed["automatically_finalizes_at"], "finalize", billed["id"])


def finalize_due(world: World, key: str, base_url: str) -> None:
    """Finalize a draft whose grace is over, and collect it."""
    billed = world.store.get("invoice", key)
    if billed is None or billed["status"] != "draft" or not billed["auto_advance"]:
        return
    finalize(world, billed, SCHEDULE, base_url)
    if billed["status"] == "open" and billed["collection_method"] == "charge_automatically":
        collect(world, billed, SCHEDULE)
