"""How a try to collect ends for the invoice: paid in full, or failed and counted."""

import time
from typing import Any

from rehearsal.stripe_double import cards
from rehearsal.stripe_double.errors import doc_url
from rehearsal.stripe_double.events import changed, emit
from rehearsal.stripe_double.retries import schedule_next
from rehearsal.stripe_double.shapes import render
from rehearsal.stripe_double.standing import follow_invoice
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause, World


def settle(world: World, billed: Document, cause: Cause) -> None:
    """The invoice is paid in full, its payment link with it; the subscription follows; all told."""
    now = world.now()
    before = {name: billed[name] for name in ("status", "next_payment_attempt", "auto_advance")}
    billed["status_transitions"]["paid_at"] = now
    billed.update(
        status="paid", amount_paid=billed["amount_due"], amount_remaining=0, auto_advance=False,
        next_payment_attempt=None, attempted=True, _closed_wall=time.time(),
    )  # fmt: skip
    world.store.touch(billed)
    for link in world.store.newest_first(
        "invoice_payment", billed["_account"], "invoice", billed["id"]
    ):
        link.update(status="paid", amount_paid=billed["amount_paid"])
        link["status_transitions"]["paid_at"] = now
        world.store.touch(link)
        emit(world, "invoice_payment.paid", link, cause)
    emit(world, "invoice.updated", billed, cause, changed(before, billed))
    for kind in ("invoice.paid", "invoice.payment_succeeded"):
        emit(world, kind, billed, cause)
    follow_invoice(world, billed, cause)


def count(billed: Document, cause: Cause) -> None:
    """Count a try that begins: the first of any kind, afterwards Stripe's own."""
    if billed["attempt_count"] == 0 or cause.by == "stripe_retry":
        billed["attempt_count"] += 1
    billed["attempted"] = True


def failed(
    world: World, billed: Document, cause: Cause, *, counted: bool = False, again: bool = True
) -> None:
    """Count a failed try, plan Stripe's next one, let the subscription follow, tell.

    Any first try counts; afterwards only Stripe's own do (API reference, Invoice.attempt_count).
    `counted`: the try was counted when it began; `again`: whether Stripe plans another one.
    """
    names = ("attempt_count", "attempted", "next_payment_attempt")
    before = {name: billed[name] for name in names}
    if not counted:
        count(billed, cause)
    if billed["_first_failed_at"] is None:
        billed["_first_failed_at"] = world.now()
    if again:
        schedule_next(world, billed, cause)
    world.store.touch(billed)
    emit(world, "invoice.payment_failed", billed, cause)
    if was := changed(before, billed):
        emit(world, "invoice.updated", billed, cause, was)
    follow_invoice(world, billed, cause)


def card_error(card: Document, charged: Document, decline: str) -> dict[str, Any]:
    """What `last_payment_error` and the 402 say of a decline."""
    outcome, code = charged["outcome"], cards.error_code(decline)
    error = {
        "advice_code": outcome["advice_code"], "charge": charged["id"],
        "code": code, "decline_code": decline, "doc_url": doc_url(code),
        "message": cards.message(decline), "network_advice_code": outcome["network_advice_code"],
        "network_decline_code": outcome["network_decline_code"],
        "payment_method": render(card, old=False), "type": "card_error",
    }  # fmt: skip
    return {key: value for key, value in error.items() if value is not None}
