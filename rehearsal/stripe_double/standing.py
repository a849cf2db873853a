"""A subscription's status follows its latest invoice: active, past due, incomplete, ended."""

from rehearsal.stripe_double.events import changed, emit
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause, World

ENDED = frozenset({"canceled", "incomplete_expired"})
PAUSED = "paused"


def follow_invoice(world: World, billed: Document, cause: Cause) -> None:
    """Set the status the invoice's new state means for its subscription, and tell of a change."""
    subscription = world.store.get("subscription", billed["_subscription"])
    if subscription is None or subscription["status"] in ENDED:
        return
    if subscription["latest_invoice"] != billed["id"]:
        return
    if subscription["status"] == PAUSED:
        _follow_resumption(world, subscription, billed, cause)
        return
    status = _status(subscription, billed)
    if status != subscription["status"]:
        set_status(world, subscription, status, cause)


def _follow_resumption(
    world: World, subscription: Document, billed: Document, cause: Cause
) -> None:
    """What is paused goes on with its resumption's invoice: paid, written off, or only tried."""
    waits_for = subscription.get("_resumes")
    if waits_for and billed["status"] in {"paid", "uncollectible"}:
        go_on(world, subscription, "active", cause)
    elif waits_for == "resume_on_payment_attempt" and billed["attempted"]:
        go_on(world, subscription, "past_due", cause)


def go_on(world: World, subscription: Document, status: str, cause: Cause) -> None:
    """The end of a pause."""
    subscription.pop("status_details", None)
    subscription["_resumes"] = None
    set_status(world, subscription, status, cause)
    emit(world, "customer.subscription.resumed", subscription, cause)


def _status(subscription: Document, billed: Document) -> str:
    if billed["status"] == "open":
        first = billed["billing_reason"] == "subscription_create"
        # a first payment by bank debit lets the subscription run until the bank has spoken, and a
        # bill until it is due
        waits = billed.get("_debited") or billed["collection_method"] == "send_invoice"
        return "incomplete" if first and not waits else "past_due"
    if billed["status"] in {"paid", "void"}:
        return "active"
    return str(subscription["status"])


def set_status(world: World, subscription: Document, status: str, cause: Cause) -> None:
    """Change the status and emit the update with what it was before."""
    before = {"status": subscription["status"]}
    subscription["status"] = status
    world.store.touch(subscription)
    emit(world, "customer.subscription.updated", subscription, cause, before)


def cancel_all(world: World, buyer: Document, cause: Cause) -> int:
    """End every running subscription of a customer; answers how many there were."""
    running = [
        each
        for each in world.store.newest_first(
            "subscription", buyer["_account"], "customer", buyer["id"]
        )
        if each["status"] not in ENDED
    ]
    for subscription in running:
        end(world, subscription, "cancellation_requested", cause)
    return len(running)


def end(world: World, subscription: Document, reason: str, cause: Cause) -> None:
    """Cancel now: Stripe stops collecting its open invoices by itself; they stay open.

    Where the end was asked for before, `canceled_at` is when it was.
    """
    now = world.now()
    asked_at = subscription["canceled_at"] if subscription["cancel_at_period_end"] else now
    subscription.update(status="canceled", canceled_at=asked_at, ended_at=now)
    subscription["cancellation_details"]["reason"] = reason
    subscription.pop("status_details", None)
    world.store.touch(subscription)
    emit(world, "customer.subscription.deleted", subscription, cause)
    for billed in world.store.newest_first(
        "invoice", subscription["_account"], "_subscription", subscription["id"]
    ):
        if billed["status"] == "open" and billed["auto_advance"]:
            before = {name: billed[name] for name in ("auto_advance", "next_payment_attempt")}
            billed.update(auto_advance=False, next_payment_attempt=None)
            world.store.touch(billed)
            emit(world, "invoice.updated", billed, cause, changed(before, billed))
