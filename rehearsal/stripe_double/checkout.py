"""/v1/checkout/sessions in setup mode: a page on which a customer gives a payment method, and the
page of a bank that asks its customer.

Sources: docs.stripe.com/api/checkout/sessions, docs.stripe.com/payments/save-and-reuse. What is
given is attached to the customer and made nobody's default: that is the merchant's to do.
"""

from html import escape
from typing import Any, Final

from aiohttp import web

from rehearsal.stripe_double import forms, setups
from rehearsal.stripe_double.api import PAGING, Call, find, owner_of, page, route
from rehearsal.stripe_double.challenge import led_back
from rehearsal.stripe_double.errors import invalid
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.frame import choices, framed, told
from rehearsal.stripe_double.payment_methods import new_method
from rehearsal.stripe_double.portal import OFFERED as GOOD_ONES
from rehearsal.stripe_double.renewals import Renewals
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import SCHEDULE, Cause, World

CHECKOUT: Final = Cause("checkout")
BANK: Final = Cause("bank_page")
SHORTEST_S, LONGEST_S = 30 * 60, 24 * 3_600
OFFERED: Final = {
    **GOOD_ONES,
    "pm_card_visa_chargeDeclinedInsufficientFunds": "Visa •••• 9995 (insufficient funds)",
}
ITS_ID: Final = "{CHECKOUT_SESSION_ID}"
_TEXTS: Final = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
_QUESTION: Final = (
    '<form method="post"><p role="status">Your bank asks: is it you who saves this card?</p>'
    '<button name="action" value="approve">Yes, it is me</button>'
    '<button class="plain" name="action" value="refuse">No</button></form>'
)


def create(call: Call) -> Document:
    """An open session with a setup intent of its own; payments are not rehearsed."""
    if forms.needed(call.params, "mode") != "setup":
        raise invalid("Only the setup mode can be rehearsed.", param="mode")
    types = forms.many(call.params, "payment_method_types")
    currency = forms.text(call.params, "currency")
    if not (types or currency):
        raise invalid("Missing required param: currency.", "parameter_missing", "currency")
    customer = forms.text(call.params, "customer")
    if customer:
        find(call, "customer", customer, "customer")
    world, wish = call.world, forms.mapping(call.params, "setup_intent_data")
    intent = setups.build(
        world, call.account, customer, metadata=forms.merge_metadata({}, wish),
        payment_method_types=types or ["card"],
    )  # fmt: skip
    world.store.insert(intent)
    setups.announce(world, intent, call.cause)
    made = _built(call, intent, types or ["card"])
    world.store.insert(made)
    world.store.insert(
        {"id": made["_token"], "object": "checkout_page", "_account": call.account,
         "session": made["id"]}
    )  # fmt: skip
    wait_for(world, made)
    return made


def _built(call: Call, intent: Document, types: list[str]) -> Document:
    now, token = call.world.now(), call.world.new_id("", 24)
    expires = forms.integer(call.params, "expires_at", now + LONGEST_S) or 0
    if not now + SHORTEST_S <= expires <= now + LONGEST_S:
        raise invalid("The `expires_at` timestamp must be 30 minutes to 24 hours from now.",
                      param="expires_at")  # fmt: skip
    unused = """adaptive_pricing after_expiration allow_promotion_codes
        allowed_payment_method_types amount_subtotal amount_total billing_address_collection
        client_secret collected_information consent consent_collection currency_conversion
        customer_account customer_creation customer_details customer_email discounts
        integration_identifier invoice invoice_creation managed_payments origin_context
        payment_intent payment_link payment_method_configuration_details permissions recovered_from
        saved_payment_method_options shipping_address_collection shipping_cost submit_type
        subscription total_details wallet_options"""
    return {
        **dict.fromkeys(unused.split()),
        "id": call.world.new_id("cs_test_", 58), "object": "checkout.session",
        "_account": call.account, "_token": token,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": forms.text(call.params, "cancel_url"),
        "client_reference_id": forms.text(call.params, "client_reference_id"), "created": now,
        "currency": forms.text(call.params, "currency"), "custom_fields": [],
        "custom_text": dict.fromkeys(_TEXTS), "customer": intent["customer"],
        "expires_at": expires, "livemode": False, "locale": forms.text(call.params, "locale"),
        "metadata": forms.merge_metadata({}, call.params), "mode": "setup",
        "payment_method_collection": "always", "payment_method_options": {},
        "payment_method_types": types, "payment_status": "no_payment_required",
        "setup_intent": intent["id"], "shipping_options": [], "status": "open",
        "success_url": forms.needed(call.params, "success_url"), "ui_mode": "hosted_page",
        "url": f"{call.renewals.base_url}/p/checkout/{token}",
    }  # fmt: skip


def retrieve(call: Call) -> Document:
    """One session."""
    return find(call, "checkout.session", call.at["id"])


def listed(call: Call) -> Document:
    """By customer and status, the newest first."""
    status = forms.text(call.params, "status")
    return page(
        call, "checkout.session", owner_of(call, "customer"),
        lambda found: status in {None, found["status"]},
    )  # fmt: skip


def expire(call: Call) -> Document:
    """The page accepts nothing any more."""
    session = find(call, "checkout.session", call.at["id"])
    if session["status"] != "open":
        raise invalid("Only Checkout Sessions with a status in [\"open\"] can be expired.",
                      "resource_missing")  # fmt: skip
    _end(call.world, session, "expired", call.cause)
    return session


def wait_for(world: World, session: Document) -> None:
    """Wake up when an open one runs out."""
    if session["status"] == "open":
        world.at(session["expires_at"], "session_over", session["id"])


def at_home(world: World, session: Document, base: str) -> None:
    """Its page moves along when the double listens on another port than last time."""
    page_now = f"{base}/p/checkout/{session['_token']}"
    if session["url"] not in {None, page_now}:
        session["url"] = page_now
        world.store.touch(session)


def run_out(world: World, key: str) -> None:
    """Its time is over."""
    session = world.store.get("checkout.session", key)
    if session is not None and session["status"] == "open":
        _end(world, session, "expired", SCHEDULE)


def _end(world: World, session: Document, status: str, cause: Cause) -> None:
    session.update(status=status, url=None)
    world.store.touch(session)
    kind = "completed" if status == "complete" else "expired"
    emit(world, f"checkout.session.{kind}", session, cause)


def routes(world: World, renewals: Renewals) -> list[web.RouteDef]:
    """The two pages and their forms."""

    async def show(request: web.Request) -> web.Response:
        return _shown(world, *_session(world, request))

    async def act(request: web.Request) -> web.Response:
        session, intent = _session(world, request)
        chosen = str((await request.post()).get("pm", ""))
        if session["status"] == "open" and chosen in OFFERED:
            method = new_method(world, session["_account"], chosen)
            ways = (renewals.base_url, f"{renewals.base_url}{request.path}")
            setups.attempt(world, intent, method, CHECKOUT, ways)
            _completed(world, session, intent)
            world.store.flush()
        return _onward(world, session, intent)

    async def ask(request: web.Request) -> web.Response:
        return _bank_page(_asked(world, request))

    async def answer(request: web.Request) -> web.Response:
        intent = _asked(world, request)
        said = str((await request.post()).get("action", ""))
        if intent["status"] == "requires_action" and said in {"approve", "refuse"}:
            _answered(world, intent, said)
            world.store.flush()
        if intent["_back"]:
            ours = _sessions(world, intent)
            raise web.HTTPSeeOther(intent["_back"] if ours else led_back(intent))
        return _bank_page(intent)

    checkout, bank = "/p/checkout/{token}", "/p/bank/{token}"
    return [
        web.get(checkout, show), web.post(checkout, act),
        web.get(bank, ask), web.post(bank, answer),
    ]  # fmt: skip


def _answered(world: World, intent: Document, said: str) -> None:
    if said == "refuse":
        setups.refuse(world, intent, BANK)
        return
    method = world.store.get("payment_method", intent["payment_method"])
    assert method is not None
    setups.succeed(world, intent, method, BANK)
    for session in _sessions(world, intent):
        _completed(world, session, intent)


def _sessions(world: World, intent: Document) -> list[Document]:
    whose = (intent["_account"], "setup_intent", intent["id"])
    return list(world.store.newest_first("checkout.session", *whose))


def _completed(world: World, session: Document, intent: Document) -> None:
    if session["status"] == "open" and intent["status"] == "succeeded":
        _end(world, session, "complete", CHECKOUT)


def _session(world: World, request: web.Request) -> tuple[Document, Document]:
    opened = world.store.get("checkout_page", request.match_info["token"])
    session = world.store.get("checkout.session", opened["session"]) if opened else None
    intent = world.store.get("setup_intent", session["setup_intent"]) if session else None
    if session is None or intent is None:
        raise web.HTTPNotFound(text="This link is not valid.")
    return session, intent


def _asked(world: World, request: web.Request) -> Document:
    opened = world.store.get("setup_page", request.match_info["token"])
    intent = world.store.get("setup_intent", opened["intent"]) if opened else None
    if intent is None or "_back" not in intent:
        raise web.HTTPNotFound(text="This link is not valid.")
    return intent


def _onward(world: World, session: Document, intent: Document) -> web.Response:
    """To the bank that asks, or to where the merchant wants its customers afterwards."""
    if intent["status"] == "requires_action":
        raise web.HTTPSeeOther(intent["next_action"]["redirect_to_url"]["url"])
    if session["status"] == "complete":
        raise web.HTTPSeeOther(str(session["success_url"]).replace(ITS_ID, session["id"]))
    return _shown(world, session, intent)


def _shown(world: World, session: Document, intent: Document) -> web.Response:
    account: Any = world.store.get("account", session["_account"])
    shop = escape(str(account["business_profile"]["name"]))
    if session["status"] == "complete":  # back from the bank
        return _onward(world, session, intent)
    if session["status"] != "open":
        body = told("This page has expired. Go back, and open it anew.", "dim")
        return framed("Save a card", f"<h1>{shop}</h1>{body}", status=410)
    error = intent["last_setup_error"]
    said = told(error["message"], "bad") if error else ""
    back = session["cancel_url"]
    way = f'<p><a href="{escape(back)}">Back to {shop}</a></p>' if back else ""
    body = (
        f'<h1>{shop}</h1><p class="dim">Save a payment method; nothing is charged now.</p>{said}'
        f'<form method="post">{choices("Use", OFFERED)}<button>Save</button></form>{way}'
    )
    return framed("Save a card", body, status=402 if error else 200)


def _bank_page(intent: Document) -> web.Response:
    if intent["status"] == "requires_action":
        return framed("Your bank", f"<h1>Your bank</h1>{_QUESTION}")
    return framed("Your bank", f"<h1>Your bank</h1>{told('You can close this page.', 'dim')}")


_WRITES: Final = """mode customer success_url cancel_url currency payment_method_types locale
    setup_intent_data metadata client_reference_id expires_at ui_mode"""
ROUTES: Final = (
    route("POST", "/v1/checkout/sessions", create, _WRITES),
    route("GET", "/v1/checkout/sessions", listed, f"{PAGING} created customer status"),
    route("GET", "/v1/checkout/sessions/{id}", retrieve),
    route("POST", "/v1/checkout/sessions/{id}/expire", expire),
)
