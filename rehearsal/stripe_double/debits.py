"""Bank debits: on their way for days, then settled or sent back; and mandates, which end.

A script decides with `settles_after_s` how long, with `decline` what the bank says in the end;
without one the account's number decides, after four days. While a debit is on its way the invoice
stays open and nothing else can pay or void it [assumed: Stripe's exact refusal is not published].
"""

from typing import Any, Final

from rehearsal.stripe_double import banks, ledger
from rehearsal.stripe_double.attempts import Attempt
from rehearsal.stripe_double.cards import Outcome
from rehearsal.stripe_double.errors import doc_url
from rehearsal.stripe_double.events import changed, emit
from rehearsal.stripe_double.invoice_objects import charge as build_charge
from rehearsal.stripe_double.outcomes import count, failed, settle
from rehearsal.stripe_double.shapes import render
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import DAY_S, Cause, World

USUALLY_S: Final = 4 * DAY_S
BANK: Final = Cause("bank")
IN_FLIGHT: Final = (
    "This invoice's payment is processing: wait until the bank debit has succeeded or failed."
)
# Stripe tries a debit again for want of money alone, and twice at most
# (docs.stripe.com/billing/revenue-recovery/smart-retries, on ACH).
TRIES: Final = 3


def in_flight(world: World, billed: Document) -> bool:
    """Whether a debit for the invoice is on its way."""
    intent = world.store.get("payment_intent", billed["_payment_intent"])
    return intent is not None and intent["status"] == "processing"


def begin(world: World, attempt: Attempt, outcome: Outcome) -> None:
    """Hand the debit to the bank: the intent is processing, the charge pending, nothing is paid."""
    billed, method = attempt.invoice, attempt.card
    intent = world.store.get("payment_intent", billed["_payment_intent"])
    assert intent is not None
    charged = build_charge(world, intent, method, None)
    wait = USUALLY_S if outcome.settles_after_s is None else outcome.settles_after_s
    charged.update(status="pending", paid=False, _decline=outcome.decline, _due=world.now() + wait)
    world.store.insert(charged)
    intent.update(
        status="processing", latest_charge=charged["id"], payment_method=method["id"],
        next_action=None, last_payment_error=None,
        payment_method_types=["card", method["type"]],
    )  # fmt: skip
    world.store.touch(intent)
    before = {name: billed[name] for name in ("attempt_count", "attempted", "next_payment_attempt")}
    count(billed, attempt.cause)
    billed.update(_charge=charged["id"], _debited=True, next_payment_attempt=None)
    world.store.touch(billed)
    attempt.line.update(outcome="processing", http_status=200, charge=charged["id"])
    world.store.touch(attempt.line)
    emit(world, "charge.pending", charged, attempt.cause)
    emit(world, "payment_intent.processing", intent, attempt.cause)
    if was := changed(before, billed):
        emit(world, "invoice.updated", billed, attempt.cause, was)
    wait_for(world, charged)


def wait_for(world: World, charged: Document) -> None:
    """Wake up when the bank answers."""
    world.at(charged["_due"], "debit", charged["id"])


def conclude(world: World, key: str) -> None:
    """The bank answers: the money is there, or the debit comes back."""
    charged = world.store.get("charge", key)
    if charged is None or charged["status"] != "pending" or charged["_due"] > world.now():
        return
    billed = world.store.get("invoice", charged["_invoice"])
    intent = world.store.get("payment_intent", charged["payment_intent"])
    method = world.store.get("payment_method", charged["payment_method"])
    assert billed is not None
    assert intent is not None
    assert method is not None
    attempt = Attempt(billed, method, BANK, ledger.record(world, BANK, billed))
    attempt.line.update(
        charge=key, payment_method=method["id"], brand=method["type"],
        fingerprint=method[method["type"]]["fingerprint"],
    )  # fmt: skip
    if charged["_decline"] is None:
        _arrived(world, attempt, charged, intent)
    else:
        _came_back(world, attempt, charged, intent)


def _arrived(world: World, attempt: Attempt, charged: Document, intent: Document) -> None:
    charged.update(status="succeeded", paid=True)
    intent.update(status="succeeded", amount_received=intent["amount"])
    attempt.line.update(outcome="succeeded", money_moved=True)
    for document in (charged, intent, attempt.line):
        world.store.touch(document)
    emit(world, "charge.succeeded", charged, BANK)
    emit(world, "payment_intent.succeeded", intent, BANK)
    settle(world, attempt.invoice, BANK)


def _came_back(world: World, attempt: Attempt, charged: Document, intent: Document) -> None:
    failure = charged["_decline"]
    charged.update(
        status="failed", captured=False, amount_captured=0, failure_code=failure,
        failure_message=banks.message(failure),
    )  # fmt: skip
    intent.update(
        status="requires_payment_method", payment_method=None,
        last_payment_error=_error(attempt.card, charged),
    )  # fmt: skip
    attempt.line.update(outcome="declined", decline_code=failure)
    for document in (charged, intent, attempt.line):
        world.store.touch(document)
    emit(world, "charge.failed", charged, BANK)
    emit(world, "payment_intent.payment_failed", intent, BANK)
    again = failure == "insufficient_funds" and attempt.invoice["_charges"] < TRIES
    failed(world, attempt.invoice, BANK, counted=True, again=again)


def _error(method: Document, charged: Document) -> dict[str, Any]:
    failure = charged["failure_code"]
    return {
        "charge": charged["id"], "code": failure, "doc_url": doc_url(failure),
        "message": charged["failure_message"], "payment_method": render(method, old=False),
        "type": "invalid_request_error",
    }  # fmt: skip


def consent(world: World, method: Document) -> None:
    """A bank account comes with a mandate of its own."""
    if method["type"] != "card":
        method["_mandate"] = world.store.insert(banks.mandate(world, method))["id"]
        world.store.touch(method)


def revoke(world: World, method: Document) -> bool:
    """The customer's bank ends the mandate: later debits come back as not authorized."""
    given = world.store.get("mandate", method.get("_mandate"))
    if given is None or given["status"] == "inactive":
        return False
    before = {"status": given["status"]}
    given["status"] = "inactive"
    method["_decline"] = "debit_not_authorized"
    world.store.touch(given)
    world.store.touch(method)
    emit(world, "mandate.updated", given, BANK, before)
    return True
