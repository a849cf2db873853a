"""The customer's page, `/r/{token}`: the merchant's, not ours. No login, no session, no trace."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from application.change_case import CaseRef
from application.owed import Debt
from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink, LinkTarget
from application.views import CaseRow, CaseView
from domain.decline import DeclineFamily
from domain.money import Money
from domain.network import DEBIT_SCHEMES
from domain.recovery.actions import ActionKind
from domain.recovery.events import Ask, AttemptDeclined
from domain.recovery.transitions import Phase
from web import backup_card, expiring_card, picked_day, problem, ways
from web.customer_pages import PRIVATE, gone, on_to, settled, shown, target_of
from web.forms import read_form
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
    debts = await parts.owed(CaseRef(target.merchant_id, target.case_id))
    view = await _leading(target, debts, parts)
    if view is None:
        return gone(renderer, speech)
    if view.row.phase in SETTLED:
        return settled(renderer, speech, merchant, speech.over[SETTLED[view.row.phase]])
    if _on_its_way(view.row, parts.clock()):
        return renderer.page(
            "customer/wait.html", headers=PRIVATE, speech=speech, merchant=merchant.name
        )
    return await _open(merchant, view, debts, token, parts, renderer, speech)


@post("/r/{token:str}", name="customer.pay", status_code=303)
async def go_to_payment(
    request: Request[Any, Any, Any],
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    speech: NamedDependency[Speech],
) -> Response[str]:
    """On to Stripe's own page of the invoice that the form names, else of the one that the letter
    was about; its address is read from Stripe at this moment."""
    target = await target_of(token, parts)
    if target is None:
        return gone(renderer, speech)
    if isinstance(target, CardLink):
        return await expiring_card.go(target, token, parts, renderer, speech)
    ref = CaseRef(target.merchant_id, target.case_id)
    choice = (await read_form(request, parts)).get("invoice")
    chosen = [debt.ref for debt in await parts.owed(ref) if ways.choice_of(debt.ref) == choice]
    url = await parts.open_payment_page(chosen[0] if chosen else ref)
    if url is None:
        merchant = await parts.registry.merchant(target.merchant_id)
        return settled(renderer, speech, merchant, speech.over["not_due"])
    return on_to(url, parts)


async def _leading(target: LinkTarget, debts: Sequence[Debt], parts: WebParts) -> CaseView | None:
    """The case that the letter was about; once that is settled, the oldest that is still open."""
    view = await parts.pages.case(target.merchant_id, target.case_id, parts.clock())
    if view is not None and view.row.phase in SETTLED and debts:
        ref = debts[0].ref
        return await parts.pages.case(ref.merchant_id, ref.case_id, parts.clock())
    return view


async def _open(  # noqa: PLR0913, PLR0917 - a page is made of all of these
    merchant: MerchantProfile,
    view: CaseView,
    debts: Sequence[Debt],
    token: str,
    parts: WebParts,
    renderer: Renderer,
    speech: Speech,
) -> Response[str]:
    row, ref = view.row, CaseRef(merchant.merchant_id, view.row.case_id)
    offer, questioned = await parts.pick_day.offer(ref), _is_questioned(row, debts)
    asked = ways.Asked(
        ask=row.ask,
        by_page=questioned or row.family is DeclineFamily.OUTSTANDING,
        at_once=picked_day.charged_at_once(offer, row.card),
        several=len(debts) > 1,
        rests=questioned or offer.picked is not None,
    )
    return shown(
        renderer,
        speech,
        "customer/open.html",
        parts,
        **_case(merchant, view, debts, speech),
        **ways.shown(asked, speech),
        **backup_card.shown(await parts.backup_cards.offer(ref), merchant, row, speech),
        **picked_day.shown(offer, speech),
        **problem.shown(speech, merchant.name),
        sentence=_sentence(view, questioned, parts.clock(), speech, merchant.name),
        questioned=questioned,
        token=token,
    )


def _on_its_way(row: CaseRow, now: datetime) -> bool:
    """A card is being charged, or will be within seconds. A bank debit takes days: no wait."""
    is_debit = row.card is not None and row.card.kind in DEBIT_SCHEMES
    due = row.next is not None and row.next.kind is ActionKind.ATTEMPT and row.next.due_at <= now
    return (due or row.phase is Phase.CHARGING) and not is_debit


def _is_questioned(row: CaseRow, debts: Sequence[Debt]) -> bool:
    return any(debt.case.is_questioned for debt in debts if debt.ref.case_id == row.case_id)


def _case(
    merchant: MerchantProfile, view: CaseView, debts: Sequence[Debt], speech: Speech
) -> dict[str, Any]:
    """All that a stranger with the link may see: merchant, amounts, the card's last digits; the
    numbers of invoices only where there are several to be told apart."""
    row = view.row
    own = Money(row.amount_minor, row.currency)
    others = [debt for debt in debts if debt.ref.case_id != row.case_id]
    return {
        "merchant": merchant.name,
        "amounts": ways.figures([own, *(debt.case.owed for debt in others)], speech),
        "lines": ways.lines((row.number, own), others, speech) if others else (),
        "card": speech.card(row.card) if row.card and row.card.last4 else None,
    }


def _sentence(
    view: CaseView, questioned: bool, now: datetime, speech: Speech, merchant: str
) -> str:
    if questioned:
        return speech.problem["told"].format(merchant=merchant)
    refused = any(
        isinstance(event, AttemptDeclined) and now - event.at < JUST_NOW for event in view.history
    )
    return speech.pay["refused" if refused else SENTENCES[view.row.ask]]
