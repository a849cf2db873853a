"""The page about the Stripe accounts: what is connected, what is missing, the way out."""

from collections.abc import Sequence
from typing import Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.response import Redirect
from msgspec import Struct

from application.errors import NotFound, Unavailable
from application.ports.accounts import Principal
from application.ports.chores import Chore, ChoreKind
from application.ports.stripe_accounts import Access, AccountTaken, Connection, WrongKey
from application.use_cases.connect_with_key import Pasted
from web import stripe_agreement, times
from web.forms import read_form
from web.parts import StripeDesk, WebParts
from web.rendering import AnyRequest, Renderer
from web.wording.agreements import NOT_AGREED, not_allowed
from web.wording.permissions import PERMISSIONS, WRONG_KEYS, without

PATH: Final = "/settings/stripe"
HOW: Final = {
    Access.INSTALLATION: "By the key of this installation",
    Access.KEY: "By a key of yours",
    Access.CONNECT: "By your agreement in Stripe",
}
CONFIRM: Final = ("Nothing was disconnected.", "Type the account\u2019s id exactly as it is shown.")
TROUBLES: Final = {**WRONG_KEYS, **NOT_AGREED, "not_confirmed": CONFIRM}


class Right(Struct, frozen=True):
    """One permission: the words of Stripe's dashboard, and what fails if it is missing."""

    name: str
    lost: str | None


class Shown(Struct, frozen=True, kw_only=True):
    """A connected account, ready to be printed."""

    account: str
    name: str
    mode: str
    country: str
    how: str
    rights: tuple[Right, ...]
    denied: tuple[str, ...]  # what Stripe will not let us do
    refused: bool
    address: str | None  # to be entered by hand
    heard: str
    imported: str
    leaving: bool


@get(PATH)
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """What is connected; `refused` in the address names why something did not go through."""
    desk = _desk(parts)
    found = await desk.connections(principal.merchant_id)
    reason = request.query_params.get("refused", "")
    page = renderer.page_or_fragment(
        request,
        principal,
        page="settings/stripe.html",
        fragment="settings/stripe.html",
        accounts=[_shown(desk, *each, principal.timezone) for each in found],
        trouble=TROUBLES.get(reason),
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
        await _desk(parts).connect(principal.merchant_id, pasted, f"user:{principal.user_id}")
    except WrongKey as wrong:
        return _back(str(wrong))
    except AccountTaken:
        return _back("account_taken")
    except Unavailable:
        return _back("unavailable")
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
    try:
        await _desk(parts).disconnect(principal.merchant_id, account, f"user:{principal.user_id}")
    except NotFound:
        raise NotFoundException from None
    return _back()


def _desk(parts: WebParts) -> StripeDesk:
    if parts.stripe_desk is None:
        raise NotFoundException
    return parts.stripe_desk


def _back(reason: str | None = None) -> Redirect:
    return Redirect(f"{PATH}?refused={reason}" if reason else PATH, status_code=303)


def _shown(desk: StripeDesk, it: Connection, chores: Sequence[Chore], zone: str) -> Shown:
    by_kind = {each.ref.kind: each for each in chores}
    leave = by_kind.get(ChoreKind.LEAVE)
    by_hand = it.endpoint_by_hand and it.endpoint_id is not None
    return Shown(
        account=it.account,
        name=it.name or it.account,
        mode="Live" if it.livemode else "Test",
        country=it.country or "Unknown",
        how=HOW[it.access],
        rights=tuple(
            Right(f"{words[0]}: {words[1]}", without(each) if each in it.missing else None)
            for each, words in PERMISSIONS.items()
        ),
        denied=not_allowed(it.denied),
        refused=it.refused_at is not None,
        address=desk.address(it.endpoint_id) if by_hand and it.endpoint_id else None,
        heard=times.full(it.last_event_at, zone) if it.last_event_at else "None has come yet",
        imported=_imported(by_kind.get(ChoreKind.IMPORT)),
        leaving=leave is not None and leave.finished_at is None,
    )


def _imported(chore: Chore | None) -> str:
    if chore is None:
        return "Not asked for"
    done, of = chore.progress.done, chore.progress.of_about
    if chore.finished_at is not None:
        return f"Done: {done} invoices read"
    return f"{done} of about {of} invoices read" if of else f"{done} invoices read so far"
