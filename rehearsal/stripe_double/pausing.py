"""POST /v1/subscriptions/{id}/pause and /resume: a subscription that stands still and goes on.

This is another thing than `pause_collection`, under which a subscription goes on and only its
invoices are not collected. What is paused enters no new period and makes no invoice. To go on it
begins a new period, unless the old one's rhythm is kept, and the invoice of that period decides
when it is active again. Sources: docs.stripe.com/billing/subscriptions/pause, the API reference.
[assumed: the wording of the refusals; that `resume_on_payment_attempt` resumes even where the
attempt is refused. The double knows no prorations: a paused subscription is credited nothing.]
"""

from typing import Any, Final

from msgspec.structs import replace

from rehearsal.stripe_double import forms
from rehearsal.stripe_double.api import Call, find, route
from rehearsal.stripe_double.billing import collect
from rehearsal.stripe_double.errors import invalid
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.invoicing import void
from rehearsal.stripe_double.renewals import period_end
from rehearsal.stripe_double.standing import follow_invoice, go_on, set_status
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import SCHEDULE, World

UNTRIED_S: Final = 23 * 3600  # after which a resumption's invoice that nobody tried is voided
PAUSABLE: Final = frozenset({"active", "past_due", "trialing"})
ON_ATTEMPT: Final = "resume_on_payment_attempt"
ON_SUCCESS: Final = "resume_on_payment_success"


def pause(call: Call) -> Document:
    """Let it stand still; only subscriptions of flexible billing can."""
    found = find(call, "subscription", call.at["id"])
    if found["billing_mode"]["type"] != "flexible":
        raise invalid("Only subscriptions with billing_mode=flexible can be paused.")
    if found["status"] not in PAUSABLE:
        raise invalid(f"A subscription that is {found['status']} cannot be paused.")
    paused = {"type": "subscription", "transitioned_at": call.world.now()}
    found["status_details"] = {"paused": {**paused, "subscription": {"type": "pause_requested"}}}
    set_status(call.world, found, "paused", call.cause)
    emit(call.world, "customer.subscription.paused", found, call.cause)
    return found


def resume(call: Call) -> Document:
    """Let it go on: at once where nothing is to be paid, else with its invoice."""
    found = find(call, "subscription", call.at["id"])
    if found["status"] != "paused":
        raise invalid(f"A subscription that is {found['status']} cannot be resumed.")
    if found["collection_method"] != "charge_automatically":
        raise invalid("Only subscriptions that are charged automatically can be resumed.")
    if _keeps_its_rhythm(call):
        _catch_up(call.world, found)
        go_on(call.world, found, "active", call.cause)
    else:
        _begin_anew(call, found)
    call.renewals.plan(found)
    return found


def _keeps_its_rhythm(call: Call) -> bool:
    """Before endive the anchor was a word, since then it is an object with a `type`."""
    given: Any = call.params.get("billing_cycle_anchor", "now")
    kind = given.get("type") if isinstance(given, dict) else given
    if kind not in {"now", "unchanged"}:
        raise invalid("Invalid billing_cycle_anchor", param="billing_cycle_anchor")
    return bool(kind == "unchanged")


def _catch_up(world: World, found: Document) -> None:
    """The period in which now lies, by the old rhythm; those that were missed are never billed."""
    item = found["items"]["data"][0]
    while item["current_period_end"] <= world.now():
        item["current_period_start"] = item["current_period_end"]
        item["current_period_end"] = period_end(
            item["current_period_start"], item["plan"], found["billing_cycle_anchor"]
        )


def _begin_anew(call: Call, found: Document) -> None:
    world, now = call.world, call.world.now()
    waits_for = forms.text(call.params, "payment_behavior", ON_ATTEMPT)
    if waits_for not in {ON_ATTEMPT, ON_SUCCESS}:
        raise invalid(f"Invalid payment_behavior: {waits_for}", param="payment_behavior")
    item = found["items"]["data"][0]
    item.update(current_period_start=now, current_period_end=period_end(now, item["plan"], now))
    found.update(billing_cycle_anchor=now, _resumes=waits_for)
    billed = call.renewals.invoice(found, "subscription_update", call.cause)
    if billed["status"] == "open":
        # Stripe charges its own new period, though somebody asked for the period
        collect(world, billed, replace(call.cause, by=SCHEDULE.by))
    follow_invoice(world, billed, call.cause)
    wait_for(world, found)


def wait_for(world: World, found: Document) -> None:
    """Wake up when a resumption's invoice has waited long enough for a first try."""
    if found["status"] == "paused" and found.get("_resumes"):
        begun = found["items"]["data"][0]["current_period_start"]
        world.at(begun + UNTRIED_S, "resumption_over", found["id"])


def give_up(world: World, key: str) -> None:
    """Nobody tried to pay the resumption's invoice: it is void, the subscription stays paused."""
    found = world.store.get("subscription", key)
    billed = world.store.get("invoice", found["latest_invoice"]) if found else None
    if found is None or billed is None or found["status"] != "paused" or billed["attempted"]:
        return
    if billed["status"] == "open":
        void(world, billed, SCHEDULE)


ROUTES: Final = (
    route("POST", "/v1/subscriptions/{id}/pause", pause, "bill_for invoicing_behavior type"),
    route(
        "POST", "/v1/subscriptions/{id}/resume", resume,
        "billing_cycle_anchor payment_behavior proration_behavior proration_date",
    ),
)  # fmt: skip
