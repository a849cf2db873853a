"""Collecting an invoice: which card, how the charge ends, and everything that changes with it."""

from rehearsal.stripe_double import cards, debits, ledger, scripts
from rehearsal.stripe_double.attempts import Asking, Attempt
from rehearsal.stripe_double.errors import StripeError, refused
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.invoice_objects import charge as build_charge
from rehearsal.stripe_double.outcomes import card_error, failed, settle
from rehearsal.stripe_double.shapes import render
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause, World

_NOT_PAYABLE = {
    "paid": "Invoice is already paid",
    "void": "Voided invoices cannot be paid.",
    "draft": "This invoice must be finalized before it can be paid.",
}


def collect(
    world: World,
    billed: Document,
    cause: Cause,
    card: Document | None = None,
    asking: Asking | None = None,
) -> StripeError | None:
    """Charge what remains; None when the money moved (a bank debit: when it is on its way; a bank
    that asks: when its customer is there to be asked), else the refusal Stripe would answer.

    The ledger line, the objects and the events are complete when this returns.
    """
    chosen = card or card_for(world, billed)
    line = ledger.record(world, cause, billed, in_flight=debits.in_flight(world, billed))
    refusal = _refusal(world, billed, chosen)
    if refusal or chosen is None:
        return _close(world, line, refusal or _without_card())
    line.update(
        payment_method=chosen["id"],
        fingerprint=chosen[chosen["type"]]["fingerprint"],
        brand=chosen["card"]["brand"] if chosen["type"] == "card" else chosen["type"],
    )
    attempt = Attempt(billed, chosen, cause, line, asking)
    outcome = scripts.decide(world, scripts.Charging(chosen, billed))
    billed["_charges"] += 1
    if chosen["type"] != "card":
        debits.begin(world, attempt, outcome)
        return None
    if outcome.requires_action:
        said = _ask_the_customer(world, attempt)
        return _close(world, line, said) if said else None
    charged = _charge(world, attempt, outcome.decline)
    if outcome.decline is None:
        _paid(world, attempt, charged)
        return _close(world, line, None)
    return _close(world, line, _declined(world, attempt, charged, outcome.decline))


def pay_out_of_band(world: World, billed: Document, cause: Cause) -> None:
    """Note that the money came from outside Stripe; raises StripeError when it cannot be paid."""
    refusal = _refusal(world, billed, None)
    if refusal:
        raise refusal
    billed["_paid_out_of_band"] = True
    settle(world, billed, cause)


def card_for(world: World, billed: Document) -> Document | None:
    """The card Stripe would take: the invoice's, the subscription's, the customer's default."""
    subscription = world.store.get("subscription", billed["_subscription"]) or {}
    buyer = world.store.get("customer", billed["customer"]) or {}
    slots = (
        billed["default_payment_method"],
        subscription.get("default_payment_method"),
        buyer.get("invoice_settings", {}).get("default_payment_method"),
    )
    for slot in slots:
        if slot:
            found = world.store.get("payment_method", slot)
            return found if found and found["customer"] == billed["customer"] else None
    return None


def _refusal(world: World, billed: Document, card: Document | None) -> StripeError | None:
    if billed["status"] in _NOT_PAYABLE:
        return refused(_NOT_PAYABLE[billed["status"]])
    if debits.in_flight(world, billed):
        return refused(debits.IN_FLIGHT, code="payment_intent_unexpected_state")
    if card and card["customer"] != billed["customer"]:
        return refused(
            f"The payment method {card['id']} does not belong to the customer of this invoice.",
            param="payment_method",
        )
    return None


def _without_card() -> StripeError:
    return refused(
        "There is no `default_payment_method` set on this Customer or Invoice. Please set a "
        "`default_payment_method`.",
        code="missing",
    )


def _close(world: World, line: Document, refusal: StripeError | None) -> StripeError | None:
    if refusal is None:
        line.update(outcome="succeeded", money_moved=True, http_status=200)
    else:
        line.update(http_status=refusal.status)
    world.store.touch(line)
    return refusal


def _charge(world: World, attempt: Attempt, decline: str | None) -> Document:
    intent = world.store.get("payment_intent", attempt.invoice["_payment_intent"])
    assert intent is not None
    charged = world.store.insert(build_charge(world, intent, attempt.card, decline))
    intent.update(latest_charge=charged["id"], next_action=None)
    attempt.invoice.update(_charge=charged["id"], attempted=True)
    attempt.line.update(charge=charged["id"])
    world.store.touch(intent)
    return charged


def _paid(world: World, attempt: Attempt, charged: Document) -> None:
    billed, cause = attempt.invoice, attempt.cause
    intent = world.store.get("payment_intent", billed["_payment_intent"])
    assert intent is not None
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        last_payment_error=None,
        payment_method=attempt.card["id"],
    )
    world.store.touch(intent)
    emit(world, "charge.succeeded", charged, cause)
    emit(world, "payment_intent.succeeded", intent, cause)
    if billed["attempt_count"] == 0:
        billed["attempt_count"] = 1
    settle(world, billed, cause)


def _declined(world: World, attempt: Attempt, charged: Document, decline: str) -> StripeError:
    billed, cause = attempt.invoice, attempt.cause
    intent = world.store.get("payment_intent", billed["_payment_intent"])
    assert intent is not None
    error = card_error(attempt.card, charged, decline)
    intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
    world.store.touch(intent)
    if decline in cards.STRIPE_STOPS:
        billed["_stopped_pm"] = attempt.card["id"]
    attempt.line.update(outcome="declined", decline_code=decline, advice_code=error["advice_code"])
    emit(world, "charge.failed", charged, cause)
    emit(world, "payment_intent.payment_failed", intent, cause)
    failed(world, billed, cause)
    if decline == "authentication_required":
        emit(world, "invoice.payment_action_required", billed, cause)
    return StripeError(
        402,
        "card_error",
        error["message"],
        stored=True,
        **{key: value for key, value in error.items() if key not in {"type", "message"}},
        payment_intent=render(intent, old=False),
    )


def _ask_the_customer(world: World, attempt: Attempt) -> StripeError | None:
    """The bank wants to see the customer: no charge, the intent waits."""
    billed, cause = attempt.invoice, attempt.cause
    intent = world.store.get("payment_intent", billed["_payment_intent"])
    assert intent is not None
    intent.update(
        status="requires_action",
        payment_method=attempt.card["id"],
        next_action=_question(attempt.asking),
    )
    world.store.touch(intent)
    attempt.line.update(outcome="requires_action", decline_code="authentication_required")
    emit(world, "payment_intent.requires_action", intent, cause)
    failed(world, billed, cause)
    emit(world, "invoice.payment_action_required", billed, cause)
    if attempt.asking is not None:
        attempt.line.update(http_status=200)
        world.store.touch(attempt.line)
        return None
    return StripeError(
        402,
        "card_error",
        "Payment for this invoice requires additional user action before it can be completed "
        "successfully. Payment can be completed using the PaymentIntent associated with the "
        "invoice.",
        stored=True,
        code="invoice_payment_intent_requires_action",
        payment_intent=render(intent, old=False),
        payment_method=render(attempt.card, old=False),
    )


def _question(asking: Asking | None) -> Document:
    if asking is None or asking.page is None:
        return {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect"},
        }
    where = {"return_url": asking.back, "url": asking.page}
    return {"type": "redirect_to_url", "redirect_to_url": where}
