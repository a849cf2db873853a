"""Stripe's own retries: when the next one falls, and what happens after the last."""

from typing import Final

from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import DAY_S, Cause, World

FIRST_TRY_S: Final = 3_600


def schedule_next(world: World, billed: Document, cause: Cause) -> None:
    """Move `next_payment_attempt` on after a failed try; manual tries do not shift the schedule."""
    if not will_retry(world, billed):
        billed["next_payment_attempt"] = None
        return
    if cause.by != "stripe_retry" and billed["next_payment_attempt"] is not None:
        return
    plan_slot(world, billed)


def will_retry(world: World, billed: Document) -> bool:
    """Whether Stripe goes on collecting this invoice by itself."""
    merchant = world.store.get("account", billed["_account"]) or {}
    return (
        billed["auto_advance"]
        and billed["status"] == "open"
        and billed["collection_method"] == "charge_automatically"
        and merchant["_retries"]
        and not merchant["_revoked"]
    )


def plan_first(world: World, billed: Document) -> None:
    """Stripe makes its first try an hour after an advancing invoice was opened."""
    if will_retry(world, billed) and not billed["attempted"]:
        billed["next_payment_attempt"] = world.now() + FIRST_TRY_S
        world.at(billed["next_payment_attempt"], "retry", billed["id"])


def plan_slot(world: World, billed: Document) -> None:
    """Take the next slot of the account's schedule that is still ahead; none ends the retries."""
    merchant = world.store.get("account", billed["_account"]) or {}
    first = billed["_first_failed_at"] or world.now()
    billed["next_payment_attempt"] = None
    slots = merchant["_retry_days"]
    while billed["_slot"] < len(slots):
        due = first + int(slots[billed["_slot"]] * DAY_S)
        billed["_slot"] += 1
        if due > world.now():
            billed["next_payment_attempt"] = due
            world.at(due, "retry", billed["id"])
            return


def exhausted(world: World, billed: Document) -> bool:
    """Whether the schedule has been used up and no slot is left."""
    merchant = world.store.get("account", billed["_account"]) or {}
    return bool(
        merchant["_retries"]
        and billed["_slot"] >= len(merchant["_retry_days"])
        and billed["next_payment_attempt"] is None
    )
