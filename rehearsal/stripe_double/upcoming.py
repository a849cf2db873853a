"""The renewal to come, told some days before: an invoice that does not exist yet.

How many days before is a setting of the account's dashboard; here it is a week unless the account's
`upcoming_days` says otherwise. Source: docs.stripe.com/api/events/types (invoice.upcoming).
"""

from typing import Final

from rehearsal.stripe_double import bills
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.invoice_objects import invoice
from rehearsal.stripe_double.renewals import RENEWING, line_of, parent_of, period_end, told_at
from rehearsal.stripe_double.retries import FIRST_TRY_S
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import SCHEDULE, World

UNMADE: Final = "upcoming"  # the billing reason of what is not made yet


def tell(world: World, key: str) -> None:
    """Some days are left until the subscription renews: say once what will be charged."""
    found = world.store.get("subscription", key)
    if found is None or found["status"] not in RENEWING or found["cancel_at_period_end"]:
        return
    ends = found["items"]["data"][0]["current_period_end"]
    if told_at(world, found) > world.now() or found.get("_told") == ends:
        return
    found["_told"] = ends
    world.store.touch(found)
    emit(world, "invoice.upcoming", _preview(world, found, ends), SCHEDULE)


def _preview(world: World, found: Document, begins: int) -> Document:
    merchant = world.store.get("account", found["_account"])
    buyer = world.store.get("customer", found["customer"])
    assert merchant is not None
    assert buyer is not None
    plan = found["items"]["data"][0]["plan"]
    ends = period_end(begins, plan, found["billing_cycle_anchor"])
    to_come = invoice(world, merchant, buyer, line_of(found, begins, ends))
    terms = bills.terms_of(found, begins)
    tries = None if terms else begins + FIRST_TRY_S
    to_come.update(
        id=f"upcoming_{to_come['id']}", created=begins, auto_advance=True, billing_reason=UNMADE,
        parent=parent_of(found), next_payment_attempt=tries, _subscription=found["id"], **terms,
    )  # fmt: skip
    return to_come
