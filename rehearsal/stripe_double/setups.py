"""/v1/setup_intents: a payment method that is made ready to be charged later, without a charge.

Sources: docs.stripe.com/api/setup_intents, docs.stripe.com/payments/setupintents/lifecycle. A card
whose bank asks its customer waits in `requires_action`; where that answers, `bank_page` says.
"""

from typing import Any, Final

from rehearsal.stripe_double import cards, forms
from rehearsal.stripe_double.api import PAGING, Call, find, owner_of, page, route
from rehearsal.stripe_double.errors import doc_url, invalid
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.payment_methods import resolve
from rehearsal.stripe_double.shapes import render
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import Cause, World

OVER: Final = frozenset({"succeeded", "canceled"})
_USAGES: Final = frozenset({"off_session", "on_session"})
_REASONS: Final = frozenset({"abandoned", "duplicate", "requested_by_customer"})
# Declines when it is charged, never when it is set up. Source: docs.stripe.com/testing (0341).
_ATTACHES: Final = "0341"
_NOT_CONFIRMED: Final = (
    "The latest attempt to set up the payment method has failed because authentication failed."
)


def build(world: World, account: str, customer: str | None, **given: Any) -> Document:
    """One that has no payment method yet."""
    key = world.new_id("seti_1")
    return {
        "id": key, "object": "setup_intent", "_account": account,
        "_token": world.new_id("", 24), "allowed_payment_method_types": None,
        "application": None, "automatic_payment_methods": None, "cancellation_reason": None,
        "client_secret": f"{key}_secret_{world.new_id('', 25)}", "created": world.now(),
        "customer": customer, "customer_account": None, "description": None,
        "excluded_payment_method_types": None, "flow_directions": None,
        "last_setup_error": None, "latest_attempt": None, "livemode": False, "mandate": None,
        "metadata": {}, "next_action": None, "on_behalf_of": None, "payment_method": None,
        "payment_method_configuration_details": None, "payment_method_options": {},
        "payment_method_types": ["card"], "single_use_mandate": None,
        "status": "requires_payment_method", "usage": "off_session", **given,
    }  # fmt: skip


def create(call: Call) -> Document:
    """With `confirm` it is tried at once."""
    customer = forms.text(call.params, "customer")
    if customer:
        find(call, "customer", customer, "customer")
    usage = forms.text(call.params, "usage", "off_session") or "off_session"
    if usage not in _USAGES:
        raise invalid(f"Invalid usage: {usage}", param="usage")
    made = build(
        call.world, call.account, customer, usage=usage,
        description=forms.text(call.params, "description"),
        metadata=forms.merge_metadata({}, call.params),
        payment_method_types=forms.many(call.params, "payment_method_types") or ["card"],
    )  # fmt: skip
    call.world.store.insert(made)
    announce(call.world, made, call.cause)
    if forms.text(call.params, "payment_method"):
        made.update(payment_method=_method(call, made)["id"], status="requires_confirmation")
    if forms.flag(call.params, "confirm"):
        return confirm_with(call, made)
    return made


def announce(world: World, made: Document, cause: Cause) -> None:
    """Tell of a new one."""
    world.store.insert(
        {"id": made["_token"], "object": "setup_page", "_account": made["_account"],
         "intent": made["id"]}
    )  # fmt: skip
    emit(world, "setup_intent.created", made, cause)


def retrieve(call: Call) -> Document:
    """One setup intent."""
    return find(call, "setup_intent", call.at["id"])


def listed(call: Call) -> Document:
    """By customer or payment method, the newest first."""
    method = forms.text(call.params, "payment_method")
    return page(
        call, "setup_intent", owner_of(call, "customer"),
        lambda found: method in {None, found["payment_method"]},
    )  # fmt: skip


def confirm(call: Call) -> Document:
    """Try it: it succeeds, fails, or waits for the customer at their bank."""
    return confirm_with(call, find(call, "setup_intent", call.at["id"]))


def confirm_with(call: Call, intent: Document) -> Document:
    """The same for one at hand."""
    _must_be_open(intent)
    if forms.text(call.params, "payment_method"):
        intent["payment_method"] = _method(call, intent)["id"]
    method = call.world.store.get("payment_method", intent["payment_method"])
    if method is None:
        raise invalid("You cannot confirm this SetupIntent because it's missing a payment method.",
                      "setup_intent_unexpected_state")  # fmt: skip
    back = forms.text(call.params, "return_url")
    attempt(call.world, intent, method, call.cause, (call.renewals.base_url, back))
    return intent


def cancel(call: Call) -> Document:
    """Give it up."""
    intent = find(call, "setup_intent", call.at["id"])
    _must_be_open(intent)
    reason = forms.text(call.params, "cancellation_reason")
    if reason is not None and reason not in _REASONS:
        raise invalid(f"Invalid cancellation_reason: {reason}", param="cancellation_reason")
    intent.update(status="canceled", cancellation_reason=reason, next_action=None)
    call.world.store.touch(intent)
    emit(call.world, "setup_intent.canceled", intent, call.cause)
    return intent


def _must_be_open(intent: Document) -> None:
    if intent["status"] in OVER:
        raise invalid(
            f"You cannot change this SetupIntent because it has a status of {intent['status']}.",
            "setup_intent_unexpected_state",
        )


def _method(call: Call, intent: Document) -> Document:
    method = resolve(call, forms.needed(call.params, "payment_method"))
    if method["customer"] not in {None, intent["customer"]}:
        raise invalid("The provided PaymentMethod belongs to another customer.",
                      param="payment_method")  # fmt: skip
    return method


def attempt(
    world: World, intent: Document, method: Document, cause: Cause, ways: tuple[str, str | None]
) -> None:
    """`ways`: where the double's pages live, and where the customer is led after their bank's."""
    intent["payment_method"] = method["id"]
    if method["_requires_action"] and not method["_authenticated"]:
        _ask_at_bank(world, intent, cause, ways)
    elif _refused_now(method):
        _failed(world, intent, method, _declined(method["_decline"]), cause)
    else:
        succeed(world, intent, method, cause)


def _refused_now(method: Document) -> bool:
    """A bank account is asked nothing before it is debited."""
    if method["type"] != "card" or not method["_decline"]:
        return False
    return bool(method["card"]["last4"] != _ATTACHES)


def _ask_at_bank(
    world: World, intent: Document, cause: Cause, ways: tuple[str, str | None]
) -> None:
    base, back = ways
    intent["_back"] = back
    intent.update(
        status="requires_action",
        next_action={
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": back, "url": f"{base}/p/bank/{intent['_token']}"},
        },
    )
    world.store.touch(intent)
    emit(world, "setup_intent.requires_action", intent, cause)


def succeed(world: World, intent: Document, method: Document, cause: Cause) -> None:
    """It is the customer's, and may be charged later."""
    method["_authenticated"] = True
    if method["customer"] is None and intent["customer"] is not None:
        method["customer"] = intent["customer"]
        emit(world, "payment_method.attached", method, cause)
    world.store.touch(method)
    intent.update(
        status="succeeded", next_action=None, last_setup_error=None,
        mandate=method.get("_mandate"), payment_method_types=[method["type"]],
    )  # fmt: skip
    world.store.touch(intent)
    emit(world, "setup_intent.succeeded", intent, cause)


def refuse(world: World, intent: Document, cause: Cause) -> None:
    """The customer said no to their bank."""
    method = world.store.get("payment_method", intent["payment_method"])
    assert method is not None
    code = "setup_intent_authentication_failure"
    said = {"code": code, "message": _NOT_CONFIRMED, "type": "invalid_request_error"}
    _failed(world, intent, method, said, cause)


def _declined(decline: str) -> dict[str, Any]:
    code = cards.error_code(decline)
    said = {"code": code, "message": cards.message(decline), "type": "card_error"}
    return {**said, "decline_code": decline} if code == "card_declined" else said


def _failed(
    world: World, intent: Document, method: Document, said: dict[str, Any], cause: Cause
) -> None:
    error = {
        **said, "doc_url": doc_url(said["code"]), "payment_method": render(method, old=False),
    }  # fmt: skip
    intent.update(
        status="requires_payment_method", payment_method=None, next_action=None,
        last_setup_error=error,
    )  # fmt: skip
    world.store.touch(intent)
    emit(world, "setup_intent.setup_failed", intent, cause)


_MADE_OF: Final = """customer payment_method payment_method_types usage confirm metadata description
    return_url automatic_payment_methods"""
ROUTES: Final = (
    route("POST", "/v1/setup_intents", create, _MADE_OF),
    route("GET", "/v1/setup_intents", listed, f"{PAGING} created customer payment_method"),
    route("GET", "/v1/setup_intents/{id}", retrieve, "client_secret"),
    route("POST", "/v1/setup_intents/{id}/confirm", confirm, "payment_method return_url"),
    route("POST", "/v1/setup_intents/{id}/cancel", cancel, "cancellation_reason"),
)
