"""The invoice page the customer sees: plain HTML that pays without JavaScript.

A card whose bank wants to see the customer leads to the bank's question (3D Secure), on this page
too: yes lets the charge go through, no fails it, as docs.stripe.com/testing#three-ds-cards has it.
"""

from html import escape
from typing import Final

from aiohttp import web

from rehearsal.stripe_double import debits
from rehearsal.stripe_double.billing import card_for, collect
from rehearsal.stripe_double.cards import TEST_CARDS
from rehearsal.stripe_double.challenge import QUESTION, approve, refuse, waiting
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.frame import amount, choices, framed, told
from rehearsal.stripe_double.standing import ENDED, end
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.wallet import described, give, prefer
from rehearsal.stripe_double.world import HOSTED, World

ON_FILE: Final = "on_file"
_OFFERED: Final = {
    "pm_card_visa": "Visa •••• 4242",
    "pm_card_mastercard": "Mastercard •••• 4444",
    "pm_card_amex": "American Express •••• 8431",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "Visa •••• 9995 (insufficient funds)",
    "pm_card_chargeCustomerFail": "Visa •••• 0341 (declines)",
    "pm_card_authenticationRequired": "Visa •••• 3184 (its bank asks you)",
}


def routes(world: World) -> list[web.RouteDef]:
    """The page and its form."""

    async def show(request: web.Request) -> web.Response:
        return _page(world, _invoice(world, request))

    async def act(request: web.Request) -> web.Response:
        billed = _invoice(world, request)
        form = await request.post()
        if form.get("action") == "cancel":
            _cancel(world, billed)
            return _page(world, billed)
        problem = _act(world, billed, str(form.get("action", "")), str(form.get("pm", "")))
        world.store.flush()
        return _page(world, billed, problem)

    path = "/i/{account}/{token}"
    return [web.get(path, show), web.post(path, act), web.get(path + "/pdf", show)]


def _invoice(world: World, request: web.Request) -> Document:
    found = world.store.get("page", request.match_info["token"])
    if found is None or found["_account"] != request.match_info["account"]:
        raise web.HTTPNotFound(text="This invoice link is not valid.")
    billed = world.store.get("invoice", found["invoice"])
    assert billed is not None
    return billed


def _act(world: World, billed: Document, action: str, choice: str) -> str | None:
    asked = waiting(world, billed)
    if action not in {"approve", "refuse"} or asked is None:
        return _pay(world, billed, choice)
    if action == "refuse":
        refuse(world, billed, asked)
        return "Your bank did not confirm the payment. Nothing was charged."
    refusal = approve(world, billed, asked)
    return str(refusal) if refusal else None


def _pay(world: World, billed: Document, choice: str) -> str | None:
    """Charge the chosen card while the customer watches; the reason in words when it failed."""
    if billed["status"] not in {"open", "uncollectible"}:
        return None
    if debits.in_flight(world, billed):
        return debits.IN_FLIGHT
    if choice == ON_FILE:
        card = card_for(world, billed)
        if card is None:
            return "There is no card on file."
        card["_authenticated"] = True  # the bank saw the customer
        world.store.touch(card)
    elif choice in TEST_CARDS:
        card = _new_card(world, billed, choice)
        if card["_requires_action"]:
            card["_authenticated"] = False  # its bank asks first
    else:
        return "Please choose a card."
    refusal = collect(world, billed, HOSTED, card)
    return str(refusal) if refusal else None


def _new_card(world: World, billed: Document, choice: str) -> Document:
    """A new card that becomes the customer's, the subscription's and the invoice's default."""
    buyer = world.store.get("customer", billed["customer"])
    assert buyer is not None
    card = give(world, buyer, choice, HOSTED)
    prefer(world, buyer, card, HOSTED)
    subscription = world.store.get("subscription", billed["_subscription"])
    if subscription and subscription["default_payment_method"]:
        before = {"default_payment_method": subscription["default_payment_method"]}
        subscription["default_payment_method"] = card["id"]
        world.store.touch(subscription)
        emit(world, "customer.subscription.updated", subscription, HOSTED, before)
    billed["default_payment_method"] = card["id"]
    world.store.touch(billed)
    return card


def _cancel(world: World, billed: Document) -> None:
    subscription = world.store.get("subscription", billed["_subscription"])
    if subscription and subscription["status"] not in ENDED:
        end(world, subscription, "cancellation_requested", HOSTED)


def _page(world: World, billed: Document, problem: str | None = None) -> web.Response:
    line: Document = next(iter(billed["lines"]["data"]), {})
    number = billed["number"] or "draft"
    customer = billed["customer_name"] or billed["customer_email"] or "you"
    due = amount(billed["amount_due"], billed["currency"])
    what = line.get("description") or ""
    head = (
        f"<h1>{escape(str(billed['account_name']))}</h1>"
        f'<p class="dim">Invoice {escape(number)} for {escape(str(customer))}</p>'
        f'<p class="sum">{escape(due)}</p><p class="dim">{escape(what)}</p>'
    )
    body = head + _body(world, billed, problem)
    refused = problem is not None and waiting(world, billed) is None
    return framed(f"Invoice {number}", body, status=402 if refused else 200)


def _body(world: World, billed: Document, problem: str | None) -> str:
    if billed["status"] == "paid":
        return told("Paid. Thank you.")
    if billed["status"] not in {"open", "uncollectible"}:
        return told("There is nothing to pay here any more.", "dim")
    if waiting(world, billed) is not None:
        return f"{QUESTION}{_form(world, billed)}"
    said = told(problem, "bad") if problem else ""
    subscription = world.store.get("subscription", billed["_subscription"])
    leave = (
        '<form method="post"><button class="plain" name="action" value="cancel">Cancel my '
        "subscription</button></form>"
        if subscription and subscription["status"] not in ENDED
        else told("The subscription has ended.", "dim")
    )
    return f"{said}{_form(world, billed)}{leave if billed['_subscription'] else ''}"


def _form(world: World, billed: Document) -> str:
    offered = dict(_OFFERED)
    card = card_for(world, billed)
    if card:
        offered = {**offered, ON_FILE: _on_file(card)}
    button = '<button name="action" value="pay">Pay</button>'
    return f'<form method="post">{choices("Pay with", offered)}{button}</form>'


def _on_file(method: Document) -> str:
    if method["type"] != "card":
        return f"{described(method)} (takes days)"
    return f"{described(method)}, the card on file (confirm with your bank)"
