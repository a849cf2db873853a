"""Invoices that are sent to be paid by hand: sent, due soon, overdue.

Source: docs.stripe.com/api/events/types (invoice.sent, invoice.will_be_due, invoice.overdue). How
many days before the due date the first reminder falls is a setting of the account's dashboard; here
it is three unless the account's `reminded_days` says otherwise.
"""

from typing import Final

from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.standing import follow_invoice
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import DAY_S, SCHEDULE, World

BY_HAND: Final = "send_invoice"
REMINDED_DAYS: Final = 3


def terms_of(subscription: Document, now: int) -> dict[str, object]:
    """How an invoice of this subscription is collected, and until when it is to be paid."""
    if subscription["collection_method"] != BY_HAND:
        return {}
    due = now + subscription["days_until_due"] * DAY_S
    return {"collection_method": BY_HAND, "due_date": due}


def wait_for(world: World, billed: Document) -> None:
    """Wake up before the due date, and on it."""
    if billed["status"] != "open" or billed["due_date"] is None:
        return
    for kind, due in (
        ("bill_due", _reminded_at(world, billed)),
        ("bill_overdue", billed["due_date"]),
    ):
        if due > world.now():
            world.at(due, kind, billed["id"])


def will_be_due(world: World, key: str) -> None:
    """Some days are left."""
    billed = _open(world, key)
    if billed is not None:
        emit(world, "invoice.will_be_due", billed, SCHEDULE)


def overdue(world: World, key: str) -> None:
    """The due date has passed: a subscription's latest bill makes it late."""
    billed = _open(world, key)
    if billed is not None:
        emit(world, "invoice.overdue", billed, SCHEDULE)
        follow_invoice(world, billed, SCHEDULE)


def _open(world: World, key: str) -> Document | None:
    billed = world.store.get("invoice", key)
    return billed if billed is not None and billed["status"] == "open" else None


def _reminded_at(world: World, billed: Document) -> int:
    merchant = world.store.get("account", billed["_account"]) or {}
    days = int(merchant.get("_reminded_days", REMINDED_DAYS))
    return int(billed["due_date"]) - days * DAY_S
