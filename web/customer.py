"""The customer's page, `/r/{token}`: the merchant's, not ours. No login, no session, no trace."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from application.change_case import CaseRef
from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink
from application.views import CaseRow, CaseView
from domain.network import DEBIT_SCHEMES
from domain.recovery.actions import ActionKind
from domain.recovery.events import Ask, AttemptDeclined
from domain.recovery.transitions import Phase
from web import backup_card, expiring_card, money, picked_day
from web.customer_pages import PRIVATE, gone, on_to, settled, shown, target_of
from web.parts import WebParts
from web.rendering import Renderer
from web.wording.customer import Speech

# One kind sentence each, and one request; both are names of `pay` in the words.
SENTENCES: Final = {
    Ask.CARD: "card",
    Ask.AUTHENTICATION: "authentication",
    Ask.PAYMENT: "payment",
    None: "again",
}
BUTTONS: Final = {Ask.CARD: "use_card", Ask.AUTHENTICATION: "confirm"}
JUST_NOW: Final = timedelta(minutes=15)
SETTLED: Final = {Phase.RECOVERED: "paid", Phase.STOPPED: "stopped"}


@get("/r/{token:str}", name="customer.open")
async def open_link(
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    speech: NamedDependency[Speech],
) -> Response[str]:
    """Shows and changes nothing: mail scanners open links too, as often as they like."""
    target = await target_of(token, parts)
    if target is None:
        return gone(renderer, speech)
    if isinstance(target, CardLink):
        return await expiring_card.show(target, token, parts, renderer, speech)
    merchant = await parts.registry.merchant(target.merchant_id)
    view = await parts.pages.case(target.merchant_id, target.case_id, parts.clock())
    if view is None:
        return gone(renderer, speech)
    if view.row.phase in SETTLED:
        return settled(renderer, speech, merchant, speech.over[SETTLED[view.row.phase]])
    if _on_its_way(view.row, parts.clock()):
        return renderer.page(
            "customer/wait.html", headers=PRIVATE, speech=speech, merchant=merchant.name
        )
    ref = CaseRef(target.merchant_id, target.case_id)
    return shown(
        renderer,
        speech,
        "customer/open.html",
        parts,
        **_case(merchant, view, speech, parts.clock()),
        **backup_card.shown(await parts.backup_cards.offer(ref), merchant, view.row, speech),
        **picked_day.shown(await parts.pick_day.offer(ref), view.row.card, speech),
        token=token,
    )


@post("/r/{token:str}", name="customer.pay", status_code=303)
async def go_to_payment(
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    speech: NamedDependency[Speech],
) -> Response[str]:
    """On to Stripe's own page, its address read from Stripe at this moment."""
    target = await target_of(token, parts)
    if target is None:
        return gone(renderer, speech)
    if isinstance(target, CardLink):
        return await expiring_card.go(target, token, parts, renderer, speech)
    url = await parts.open_payment_page(CaseRef(target.merchant_id, target.case_id))
    if url is None:
        merchant = await parts.registry.merchant(target.merchant_id)
        return settled(renderer, speech, merchant, speech.over["not_due"])
    return on_to(url, parts)


def _on_its_way(row: CaseRow, now: datetime) -> bool:
    """A card is being charged, or will be within seconds. A bank debit takes days: no wait."""
    is_debit = row.card is not None and row.card.kind in DEBIT_SCHEMES
    due = row.next is not None and row.next.kind is ActionKind.ATTEMPT and row.next.due_at <= now
    return (due or row.phase is Phase.CHARGING) and not is_debit


def _case(
    merchant: MerchantProfile, view: CaseView, speech: Speech, now: datetime
) -> dict[str, Any]:
    """All that a stranger with the link may see: merchant, amount, the card's last digits."""
    row = view.row
    refused = any(
        isinstance(event, AttemptDeclined) and now - event.at < JUST_NOW for event in view.history
    )
    return {
        "merchant": merchant.name,
        "amount": money.html(row.amount_minor, row.currency, speech.point),
        "card": speech.card(row.card) if row.card and row.card.last4 else None,
        "sentence": speech.pay["refused" if refused else SENTENCES[row.ask]],
        "button": speech.pay[BUTTONS.get(row.ask, "pay_now") if row.ask else "pay_now"],
    }
