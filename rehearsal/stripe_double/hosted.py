"""The invoice page the customer sees: plain HTML that pays without JavaScript."""

from decimal import Decimal
from html import escape
from string import Template
from typing import Any, Final

from aiohttp import web

from domain.money import exponent
from rehearsal.stripe_double import debits
from rehearsal.stripe_double.billing import card_for, collect
from rehearsal.stripe_double.cards import TEST_CARDS
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.objects import payment_method as build_card
from rehearsal.stripe_double.standing import ENDED, end
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import HOSTED, World

ON_FILE: Final = "on_file"
_OFFERED: Final = {
    "pm_card_visa": "Visa •••• 4242",
    "pm_card_mastercard": "Mastercard •••• 4444",
    "pm_card_amex": "American Express •••• 8431",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "Visa •••• 9995 (insufficient funds)",
    "pm_card_chargeCustomerFail": "Visa •••• 0341 (declines)",
}
_PAGE: Final = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Invoice $number</title>
<style>
:root{color-scheme:light dark;--ink:#1a1f36;--dim:#596275;--line:#d8dee4;--paper:#fff;
--wall:#f6f8fa;--go:#5469d4;--bad:#b3093c;--good:#0a7d4c}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--dim:#9aa5b5;--line:#343b49;--paper:#1b2029;
--wall:#12151b;--go:#8593ff;--bad:#ff8fa8;--good:#5fd39b}}
*{box-sizing:border-box}body{margin:0;background:var(--wall);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}main{max-width:28rem;margin:6vh auto;padding:2rem;
background:var(--paper);border:1px solid var(--line);border-radius:12px}
h1{font-size:1rem;font-weight:600;margin:0}.sum{font-size:2.25rem;font-weight:650;margin:.25rem 0}
.dim{color:var(--dim);margin:0}label{display:flex;gap:.6rem;padding:.6rem 0;
border-bottom:1px solid var(--line)}fieldset{border:0;margin:1.25rem 0;padding:0}
button{width:100%;padding:.8rem;border:0;border-radius:8px;background:var(--go);color:#fff;
font:inherit;font-weight:600;cursor:pointer}button.plain{background:none;color:var(--dim);
margin-top:.75rem;font-weight:400}.bad{color:var(--bad)}.good{color:var(--good)}
:focus-visible{outline:3px solid var(--go);outline-offset:2px}
@media(prefers-color-scheme:dark){button{color:#12151b}button.plain{color:var(--dim)}}
</style></head><body><main>
<h1>$merchant</h1><p class="dim">Invoice $number for $customer</p>
<p class="sum">$amount</p><p class="dim">$what</p>
$body
<p class="dim">Rehearsal: no real card, no real money.</p>
</main></body></html>""")


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
        problem = _pay(world, billed, str(form.get("pm", "")))
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
    else:
        return "Please choose a card."
    refusal = collect(world, billed, HOSTED, card)
    return str(refusal) if refusal else None


def _new_card(world: World, billed: Document, choice: str) -> Document:
    """A new card that becomes the customer's, the subscription's and the invoice's default."""
    card = build_card(world, billed["_account"], TEST_CARDS[choice], customer=billed["customer"])
    card["_authenticated"] = True
    world.store.insert(card)
    emit(world, "payment_method.attached", card, HOSTED)
    buyer = world.store.get("customer", billed["customer"])
    if buyer:
        settings = buyer["invoice_settings"]
        buyer["invoice_settings"] = {**settings, "default_payment_method": card["id"]}
        world.store.touch(buyer)
        emit(world, "customer.updated", buyer, HOSTED, {"invoice_settings": settings})
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
    shown: dict[str, Any] = {
        "number": billed["number"] or "draft", "merchant": billed["account_name"],
        "customer": billed["customer_name"] or billed["customer_email"] or "you",
        "amount": _amount(billed["amount_due"], billed["currency"]),
        "what": line.get("description") or "",
    }  # fmt: skip
    text = _PAGE.substitute(
        {name: escape(str(value)) for name, value in shown.items()},
        body=_body(world, billed, problem),
    )
    status = 402 if problem else 200
    return web.Response(text=text, content_type="text/html", status=status)


def _body(world: World, billed: Document, problem: str | None) -> str:
    if billed["status"] == "paid":
        return '<p class="good" role="status">Paid. Thank you.</p>'
    if billed["status"] not in {"open", "uncollectible"}:
        return '<p role="status">There is nothing to pay here any more.</p>'
    said = f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
    subscription = world.store.get("subscription", billed["_subscription"])
    leave = (
        '<form method="post"><button class="plain" name="action" value="cancel">Cancel my '
        "subscription</button></form>"
        if subscription and subscription["status"] not in ENDED
        else '<p class="dim" role="status">The subscription has ended.</p>'
    )
    return f"{said}{_form(world, billed)}{leave if billed['_subscription'] else ''}"


def _form(world: World, billed: Document) -> str:
    choices = dict(_OFFERED)
    card = card_for(world, billed)
    if card:
        choices = {**choices, ON_FILE: _on_file(card)}
    options = "".join(
        f'<label><input type="radio" name="pm" value="{key}"{" checked" if not number else ""}>'
        f"{escape(label)}</label>"
        for number, (key, label) in enumerate(choices.items())
    )
    return (
        f'<form method="post"><fieldset><legend class="dim">Pay with</legend>{options}</fieldset>'
        '<button name="action" value="pay">Pay</button></form>'
    )


def _on_file(method: Document) -> str:
    kind = method["type"]
    if kind != "card":
        return f"Bank account •••• {method[kind]['last4']} (takes days)"
    known = f"{method['card']['brand'].title()} •••• {method['card']['last4']}"
    return f"{known}, the card on file (confirm with your bank)"


def _amount(minor: int, currency: str) -> str:
    places = exponent(currency)
    return f"{Decimal(minor).scaleb(-places):,.{places}f} {currency.upper()}"
