"""The customer's page, `/r/{token}`: the merchant's, not ours. No login, no session, no trace."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromQuery

from application.change_case import CaseRef
from application.owed import Debt
from application.ports.registry import MerchantProfile
from application.ports.stores import CardLink
from application.views import CaseRow, CaseView
from domain.decline import DeclineFamily
from domain.money import Money
from domain.network import DEBIT_SCHEMES
from domain.recovery.actions import ActionKind
from domain.recovery.events import Ask, AttemptDeclined
from domain.recovery.transitions import Phase
from web import backup_card, expiring_card, picked_day, problem, texts, ways
from web.customer_pages import Visit, hash_of_token
from web.forms import read_form
from web.parts import WebParts
from web.rendering import AnyRequest
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
    request: AnyRequest, visit: NamedDependency[Visit], number: FromQuery[str | None] = None
) -> Response[str]:
    """Shows and changes nothing: mail scanners open links too, as often as they like. That somebody
    came is noted, once."""
    if isinstance(visit.target, CardLink):
        return await expiring_card.show(visit.target, visit)
    if visit.case is None:
        return visit.gone()
    parts = visit.parts
    if _is_a_person(request):
        await parts.visited(visit.case.merchant_id, hash_of_token(visit.token))
    merchant = await parts.registry.merchant(visit.case.merchant_id)
    debts = await parts.owed(visit.case)
    view = await _leading(visit.case, debts, parts)
    if view is None:
        return visit.gone()
    if view.row.phase in SETTLED:
        return visit.settled(merchant, visit.speech.over[SETTLED[view.row.phase]])
    if _on_its_way(view.row, parts.clock()):
        return visit.page("customer/wait.html", merchant=merchant)
    return await _open(visit, merchant, view, debts, unread=number == texts.UNREAD)


@post("/r/{token:str}", name="customer.pay", status_code=303)
async def go_to_payment(request: AnyRequest, visit: NamedDependency[Visit]) -> Response[str]:
    """On to Stripe's own page of the invoice that the form names, else of the one that the letter
    was about; its address is read from Stripe at this moment."""
    if isinstance(visit.target, CardLink):
        return await expiring_card.go(visit.target, visit)
    form = await read_form(request, visit.parts)
    if visit.case is None:
        return _fresh(visit) if "fresh" in form else visit.gone()
    parts, ref, choice = visit.parts, visit.case, form.get("invoice")
    chosen = [debt.ref for debt in await parts.owed(ref) if ways.choice_of(debt.ref) == choice]
    url = await parts.open_payment_page(chosen[0] if chosen else ref)
    if url is None:
        merchant = await parts.registry.merchant(ref.merchant_id)
        return visit.settled(merchant, visit.speech.over["not_due"])
    return visit.on_to(url)


def _fresh(visit: Visit) -> Response[str]:
    """Whatever the link once was, the answer is the same, and given before anybody looks."""
    answer = visit.gone(asked=True)
    answer.background = BackgroundTask(visit.parts.ask_fresh_link, hash_of_token(visit.token))
    return answer


def _is_a_person(request: AnyRequest) -> bool:
    """As browsers tell it of a page that somebody goes to, and scanners mostly do not. Source: the
    W3C's Fetch Metadata."""
    told = request.headers
    return (
        told.get("sec-fetch-mode") == "navigate"
        and told.get("sec-fetch-dest") == "document"
        and "sec-purpose" not in told
    )


async def _leading(ref: CaseRef, debts: Sequence[Debt], parts: WebParts) -> CaseView | None:
    """The case that the letter was about; once that is settled, the oldest that is still open."""
    view = await parts.pages.case(ref.merchant_id, ref.case_id, parts.clock())
    if view is not None and view.row.phase in SETTLED and debts:
        ref = debts[0].ref
        return await parts.pages.case(ref.merchant_id, ref.case_id, parts.clock())
    return view


async def _open(
    visit: Visit,
    merchant: MerchantProfile,
    view: CaseView,
    debts: Sequence[Debt],
    *,
    unread: bool,
) -> Response[str]:
    parts, speech = visit.parts, visit.speech
    row, ref = view.row, CaseRef(merchant.merchant_id, view.row.case_id)
    offer, questioned = await parts.pick_day.offer(ref), _is_questioned(row, debts)
    asked = ways.Asked(
        ask=row.ask,
        by_page=questioned or row.family is DeclineFamily.OUTSTANDING,
        at_once=picked_day.charged_at_once(offer, row.card),
        several=len(debts) > 1,
        rests=questioned or offer.picked is not None,
        refused=_was_refused(view, parts.clock()),
    )
    return visit.leading_on(
        "customer/open.html",
        **_case(merchant, view, debts, speech),
        **ways.shown(asked, speech),
        **backup_card.shown(await parts.backup_cards.offer(ref), merchant, row, speech),
        **picked_day.shown(offer, speech),
        **problem.shown(speech, merchant.known_as),
        **texts.shown(
            await parts.agree_to_texts.offer(ref), merchant.known_as, speech, unread=unread
        ),
        sentence=_sentence(view, asked.refused, questioned, speech, merchant.known_as),
        questioned=questioned,
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
        "merchant": merchant,
        "amounts": ways.figures([own, *(debt.case.owed for debt in others)], speech),
        "lines": ways.lines((row.number, own), others, speech) if others else (),
        "card": speech.card(row.card) if row.card and row.card.last4 else None,
    }


def _sentence(
    view: CaseView, refused: bool, questioned: bool, speech: Speech, merchant: str
) -> str:
    if questioned:
        return speech.problem["told"].format(merchant=merchant)
    return speech.pay["refused" if refused else SENTENCES[view.row.ask]]


def _was_refused(view: CaseView, now: datetime) -> bool:
    """Just now: whoever reads may have pressed the button themselves."""
    return any(
        isinstance(event, AttemptDeclined) and now - event.at < JUST_NOW for event in view.history
    )
