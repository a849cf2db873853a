"""The page about the Stripe accounts: what is connected, what is missing, the way out."""

from datetime import datetime
from typing import Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.response import Redirect

from application.errors import NotFound, Unavailable
from application.ports.accounts import Principal
from application.ports.chores import ChoreKind
from application.ports.stripe_accounts import AccountTaken, WrongKey
from application.use_cases.connect_with_key import Pasted
from web import stripe_agreement
from web.account_standing import shown
from web.forms import read_form
from web.merchant_parts import StripeDesk
from web.parts import WebParts
from web.rendering import AnyRequest, Renderer
from web.wording.agreements import NOT_AGREED
from web.wording.permissions import WRONG_KEYS

PATH: Final = "/settings/stripe"
CONFIRM: Final = ("Nothing was disconnected.", "Type the account\u2019s id exactly as it is shown.")
TROUBLES: Final = {**WRONG_KEYS, **NOT_AGREED, "not_confirmed": CONFIRM}


@get(PATH)
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """What is connected; `refused` in the address names why something did not go through."""
    desk = _desk(parts)
    found = await desk.accounts(principal.merchant_id)
    seen: tuple[datetime, str] = (parts.wall(), principal.timezone)
    page = renderer.page_or_fragment(
        request,
        principal,
        page="settings/stripe.html",
        fragment="settings/stripe.html",
        accounts=[shown(desk, standing, *seen) for standing in found],
        trouble=TROUBLES.get(request.query_params.get("refused", "")),
        version=await parts.changes(principal.merchant_id),
        **await stripe_agreement.beside(parts, principal),
    )
    return stripe_agreement.leading_to_stripe(page, parts)


@post(f"{PATH}/connect", status_code=303)
async def connect(
    request: AnyRequest, principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Paste a key; it is never shown again, nor in an address."""
    form = await read_form(request, parts)
    pasted = Pasted(key=form.get("key", ""), secret=form.get("secret") or None)
    try:
        await _desk(parts).connect(principal.merchant_id, pasted, _actor(principal))
    except WrongKey as wrong:
        return _back(str(wrong))
    except AccountTaken:
        return _back("account_taken")
    except Unavailable:
        return _back("unavailable")
    return _back()


@post([f"{PATH}/import", f"{PATH}/take-up"], status_code=303)
async def ask(
    request: AnyRequest, principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Read the past of an account, or open cases for what it offered."""
    kind = ChoreKind.IMPORT if request.url.path.endswith("/import") else ChoreKind.TAKE_UP
    form = await read_form(request, parts)
    await _ask(parts, principal, form.get("account", ""), kind)
    return _back()


@post(f"{PATH}/disconnect", status_code=303)
async def disconnect(
    request: AnyRequest, principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Only for whoever types the account's id."""
    form = await read_form(request, parts)
    account = form.get("account", "")
    if form.get("typed", "").strip() != account:
        return _back("not_confirmed")
    await _ask(parts, principal, account, ChoreKind.LEAVE)
    return _back()


async def _ask(parts: WebParts, principal: Principal, account: str, kind: ChoreKind) -> None:
    try:
        await _desk(parts).ask(principal.merchant_id, account, kind, _actor(principal))
    except NotFound:
        raise NotFoundException from None


def _desk(parts: WebParts) -> StripeDesk:
    if parts.stripe_desk is None:
        raise NotFoundException
    return parts.stripe_desk


def _actor(principal: Principal) -> str:
    return f"user:{principal.user_id}"


def _back(reason: str | None = None) -> Redirect:
    return Redirect(f"{PATH}?refused={reason}" if reason else PATH, status_code=303)
