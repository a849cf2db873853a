"""/v1/payment_intents/{id}/confirm, and the page of a bank that asks its customer (3D Secure).

Sources: docs.stripe.com/api/payment_intents/confirm, docs.stripe.com/payments/3d-secure. Whoever
confirms is with the customer, so a card whose bank asks is no refusal: the intent waits in
`requires_action`, with the bank's page if the program says where the customer is led afterwards.
"""

from html import escape
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

from aiohttp import web

from rehearsal.stripe_double import forms, ledger
from rehearsal.stripe_double.api import Call, find, route
from rehearsal.stripe_double.attempts import Asking
from rehearsal.stripe_double.billing import collect
from rehearsal.stripe_double.errors import StripeError, refused
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.frame import amount, framed, told
from rehearsal.stripe_double.outcomes import failed
from rehearsal.stripe_double.payment_methods import attach_to, resolve
from rehearsal.stripe_double.shapes import render
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import HOSTED, Cause, World

QUESTION: Final = (
    '<form method="post"><p role="status">Your bank asks: are you making this payment?</p>'
    '<button name="action" value="approve">Yes, it is me</button>'
    '<button class="plain" name="action" value="refuse">No</button></form>'
)
_NOT_ME: Final = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or "
    "a new PaymentMethod to attempt to fulfill this PaymentIntent again."
)
_UNEXPECTED: Final = "payment_intent_unexpected_state"


def confirm(call: Call) -> Document:
    """Pay the invoice of the intent: it succeeds, is on its way, waits for the customer, or 402."""
    intent = find(call, "payment_intent", call.at["id"])
    billed = find(call, "invoice", intent["_invoice"])
    _must_be_open(call, intent, billed)
    method = _method(call, intent, billed)
    refusal = collect(call.world, billed, call.cause, method, _asking(call, intent))
    if refusal:
        raise refusal
    return intent


def _must_be_open(call: Call, intent: Document, billed: Document) -> None:
    if intent["status"] == "succeeded":
        _turn_away(call, billed, "it has already succeeded after being previously confirmed.")
    if intent["status"] == "canceled":
        _turn_away(call, billed, "it has a status of canceled.")


def _turn_away(call: Call, billed: Document, why: str) -> NoReturn:
    """Raises StripeError; the ledger knows of the call all the same."""
    ledger.record(call.world, call.cause, billed, http_status=400)
    raise refused(f"You cannot confirm this PaymentIntent because {why}", code=_UNEXPECTED)


def _method(call: Call, intent: Document, billed: Document) -> Document:
    """The one given, which becomes the customer's (`setup_future_usage`), or the intent's own."""
    key = forms.text(call.params, "payment_method") or intent["payment_method"]
    if key is None:
        _turn_away(call, billed, "it's missing a payment method.")
    method = resolve(call, key)
    if method["customer"] is None:
        return attach_to(call, method, find(call, "customer", billed["customer"], "customer"))
    return method


def _asking(call: Call, intent: Document) -> Asking:
    back = forms.text(call.params, "return_url")
    if back is None:
        return Asking()
    if "_token" not in intent:
        intent["_token"] = call.world.new_id("", 24)
        call.world.store.insert(
            {"id": intent["_token"], "object": "challenge_page", "_account": call.account,
             "intent": intent["id"]}
        )  # fmt: skip
    intent["_back"] = back
    call.world.store.touch(intent)
    return Asking(f"{call.renewals.base_url}/p/challenge/{intent['_token']}", back)


def waiting(world: World, billed: Document) -> Document | None:
    """The payment intent that waits for the customer's word; None if none does."""
    intent = world.store.get("payment_intent", billed["_payment_intent"])
    waits = intent is not None and intent["status"] == "requires_action"
    return intent if waits and billed["status"] in {"open", "uncollectible"} else None


def approve(
    world: World, billed: Document, intent: Document, cause: Cause = HOSTED
) -> StripeError | None:
    """The customer said yes to their bank: the card is charged, and may be refused even so."""
    card = world.store.get("payment_method", intent["payment_method"])
    assert card is not None
    card["_authenticated"] = True
    world.store.touch(card)
    return collect(world, billed, cause, card)


def refuse(world: World, billed: Document, intent: Document, cause: Cause = HOSTED) -> None:
    """The customer said no to their bank: nothing is charged, and another method is wanted."""
    card = world.store.get("payment_method", intent["payment_method"])
    error = {
        "code": "payment_intent_authentication_failure", "message": _NOT_ME,
        "payment_method": render(card, old=False) if card else None,
        "type": "invalid_request_error",
    }  # fmt: skip
    intent.update(
        status="requires_payment_method", next_action=None, payment_method=None,
        last_payment_error={name: value for name, value in error.items() if value is not None},
    )  # fmt: skip
    world.store.touch(intent)
    emit(world, "payment_intent.payment_failed", intent, cause)
    failed(world, billed, cause)


def routes(world: World) -> list[web.RouteDef]:
    """The bank's page and its form."""

    async def ask(request: web.Request) -> web.Response:
        return _shown(world, *_asked(world, request))

    async def answer(request: web.Request) -> web.Response:
        billed, intent = _asked(world, request)
        said = str((await request.post()).get("action", ""))
        if said not in {"approve", "refuse"}:
            return _shown(world, billed, intent)
        if waiting(world, billed):
            (approve if said == "approve" else refuse)(world, billed, intent)
            world.store.flush()
        raise web.HTTPSeeOther(led_back(intent))

    path = "/p/challenge/{token}"
    return [web.get(path, ask), web.post(path, answer)]


def _asked(world: World, request: web.Request) -> tuple[Document, Document]:
    opened = world.store.get("challenge_page", request.match_info["token"])
    intent = world.store.get("payment_intent", opened["intent"]) if opened else None
    billed = world.store.get("invoice", intent["_invoice"]) if intent else None
    if intent is None or billed is None:
        raise web.HTTPNotFound(text="This link is not valid.")
    return billed, intent


def _shown(world: World, billed: Document, intent: Document) -> web.Response:
    asks = waiting(world, billed) is not None
    summed = escape(amount(intent["amount"], intent["currency"]))
    head = (
        f'<h1>Your bank</h1><p class="sum">{summed}</p>'
        f'<p class="dim">for {escape(str(billed["account_name"]))}</p>'
    )
    body = QUESTION if asks else told("You can close this page.", "dim")
    return framed("Your bank", head + body)


def led_back(intent: Document) -> str:
    """Where the program wants its customer, told of which intent and what became of it."""
    kind, back = intent["object"], str(intent["_back"])
    went_well = intent["status"] in {"succeeded", "processing"}
    told_of = {
        kind: intent["id"], f"{kind}_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if went_well else "failed",
    }  # fmt: skip
    address, mark, place = back.partition("#")
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode(told_of)}{mark}{place}"


def at_home(world: World, base: str) -> None:
    """The banks' pages move along when the double listens on another port than last time."""
    for kind in ("payment_intent", "setup_intent"):
        for each in world.store.all(kind):
            asked: dict[str, Any] = (each["next_action"] or {}).get("redirect_to_url") or {}
            if asked and not asked["url"].startswith(f"{base}/"):
                _move(world, each, asked, base)


def _move(world: World, intent: Document, asked: dict[str, Any], base: str) -> None:
    old, _, path = asked["url"].partition("/p/")
    back = asked["return_url"]
    if back and back.startswith(f"{old}/p/"):
        back = base + back.removeprefix(old)
    intent["_back"] = back
    moved = {"url": f"{base}/p/{path}", "return_url": back}
    intent["next_action"] = {"type": "redirect_to_url", "redirect_to_url": moved}
    world.store.touch(intent)


ROUTES: Final = (
    route(
        "POST", "/v1/payment_intents/{id}/confirm", confirm,
        "payment_method return_url client_secret", collects=True,
    ),
)  # fmt: skip
