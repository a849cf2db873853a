"""The customer portal: /v1/billing_portal, and the page where a customer puts in another card.

Sources: docs.stripe.com/api/customer_portal/sessions, docs.stripe.com/customer-management/
portal-deep-links. Only the payment method can be changed, by the portal's own settings.
"""

from html import escape
from typing import Final

from aiohttp import web

from rehearsal.stripe_double import forms
from rehearsal.stripe_double.api import Call, find, route
from rehearsal.stripe_double.errors import invalid
from rehearsal.stripe_double.events import emit
from rehearsal.stripe_double.frame import choices, framed, told
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.wallet import described, give, prefer
from rehearsal.stripe_double.world import Cause, World

PORTAL: Final = Cause("portal")
CHANGE_METHOD: Final = "payment_method_update"
# Stripe promises no more than that a session is short-lived: one hour of the double's own time.
LASTS_S: Final = 3_600
OFFERED: Final = {
    "pm_card_visa": "Visa •••• 4242",
    "pm_card_mastercard": "Mastercard •••• 4444",
    "pm_card_amex": "American Express •••• 8431",
    "pm_card_chargeCustomerFail": "Visa •••• 0341 (declines later)",
    "pm_card_authenticationRequired": "Visa •••• 3184 (wants confirmation)",
    "pm_sepaDebit_success": "Bank account in Germany (SEPA debit)",
}
_AFTER: Final = ("portal_homepage", "redirect", "hosted_confirmation")


def create(call: Call) -> Document:
    """A session for one customer; with `flow_data` it leads straight to that one thing."""
    key = forms.needed(call.params, "customer")
    buyer = find(call, "customer", key, "customer")
    made: Document = {
        "id": call.world.new_id("bps_1"), "object": "billing_portal.session",
        "_account": call.account, "_token": call.world.new_id("", 24),
        "configuration": f"bpc_of_{call.account}",
        "created": call.world.now(), "customer": buyer["id"], "customer_account": None,
        "flow": _flow(call.params), "livemode": False, "locale": None, "on_behalf_of": None,
        "return_url": forms.text(call.params, "return_url"),
    }  # fmt: skip
    made["url"] = f"{call.renewals.base_url}/p/session/{made['_token']}"
    call.world.store.insert(made)
    opened = {"id": made["_token"], "object": "portal_page", "_account": call.account}
    call.world.store.insert({**opened, "session": made["id"]})
    emit(call.world, "billing_portal.session.created", made, call.cause)
    return made


def _flow(params: forms.Params) -> Document | None:
    given = forms.mapping(params, "flow_data")
    if not given:
        return None
    kind = forms.needed(given, "type")
    if kind != CHANGE_METHOD:
        raise invalid("Only payment_method_update can be rehearsed.", param="flow_data[type]")
    then = forms.mapping(given, "after_completion")
    after = forms.text(then, "type") or "portal_homepage"
    if after not in _AFTER:
        raise invalid("Invalid after_completion type.", param="flow_data[after_completion][type]")
    back = forms.text(forms.mapping(then, "redirect"), "return_url")
    return {
        "after_completion": {
            "hosted_confirmation": None,
            "redirect": {"return_url": back} if after == "redirect" else None,
            "type": after,
        },
        "customer_update": None, "subscription_cancel": None, "subscription_pause": None,
        "subscription_update": None, "subscription_update_confirm": None, "type": kind,
    }  # fmt: skip


def routes(world: World) -> list[web.RouteDef]:
    """The page and its form."""

    async def show(request: web.Request) -> web.Response:
        return _shown(world, _session(world, request))

    async def act(request: web.Request) -> web.Response:
        session = _session(world, request)
        form = await request.post()
        chosen = str(form.get("pm", ""))
        if _is_over(world, session) or chosen not in OFFERED:
            return _shown(world, session)
        _change(world, session, chosen)
        world.store.flush()
        back = _way_back(session)
        if back is not None:
            raise web.HTTPSeeOther(back)
        return _shown(world, session)

    path = "/p/session/{token}"
    return [web.get(path, show), web.post(path, act)]


def _session(world: World, request: web.Request) -> Document:
    opened = world.store.get("portal_page", request.match_info["token"])
    session = world.store.get("billing_portal.session", opened["session"]) if opened else None
    if session is None:
        raise web.HTTPNotFound(text="This link is not valid.")
    return session


def _is_over(world: World, session: Document) -> bool:
    return bool(world.now() > session["created"] + LASTS_S)


def _change(world: World, session: Document, chosen: str) -> None:
    buyer = world.store.get("customer", session["customer"])
    if buyer is not None and not buyer.get("deleted"):
        prefer(world, buyer, give(world, buyer, chosen, PORTAL), PORTAL)


def _way_back(session: Document) -> str | None:
    """Where a customer is led after the one thing that a flow was for."""
    flow = session["flow"]
    redirect = flow["after_completion"]["redirect"] if flow else None
    return redirect["return_url"] if redirect else None


def _shown(world: World, session: Document) -> web.Response:
    buyer = world.store.get("customer", session["customer"]) or {}
    account = world.store.get("account", session["_account"]) or {}
    shop = escape(str(account["business_profile"]["name"]))
    if _is_over(world, session):
        body = told("This link has expired. Go back, and open it anew.", "dim")
        return framed("Customer portal", f"<h1>{shop}</h1>{body}", status=410)
    held = buyer.get("invoice_settings", {}).get("default_payment_method")
    method = world.store.get("payment_method", held)
    known = described(method) if method else "none"
    who = escape(str(buyer.get("name") or buyer.get("email") or "you"))
    back = session["return_url"]
    way = f'<p><a href="{escape(back)}">Back to {shop}</a></p>' if back else ""
    body = (
        f'<h1>{shop}</h1><p class="dim">Payment method of {who}</p>'
        f'<p id="current">{escape(known)}</p><form method="post">'
        f"{choices('Use another one', OFFERED)}<button>Save</button></form>{way}"
    )
    return framed("Customer portal", body)


_WANTED: Final = "customer return_url flow_data locale on_behalf_of"
ROUTES: Final = (route("POST", "/v1/billing_portal/sessions", create, _WANTED),)
