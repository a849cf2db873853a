"""Where the customer says when their card is to be charged: at once, or on which day."""

from datetime import date
from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency

from application.use_cases.pick_day import DaysOffer
from domain.invoice import Card
from domain.money import Money
from domain.network import DEBIT_SCHEMES
from web.customer_pages import Visit
from web.forms import read_form
from web.rendering import AnyRequest
from web.wording.customer import Speech


@post("/r/{token:str}/day", name="customer.day", status_code=303)
async def pick(request: AnyRequest, visit: NamedDependency[Visit]) -> Response[str]:
    """Keep the day that the form names, if it is offered; the page tells what holds."""
    if visit.case is None:
        return visit.back()
    day = _day((await read_form(request, visit.parts)).get("day", ""))
    if day is not None:
        await visit.parts.pick_day.pick(visit.case, day)
    return visit.back()


@post("/r/{token:str}/now", name="customer.now", status_code=303)
async def charge_now(visit: NamedDependency[Visit]) -> Response[str]:
    """Have the card on file charged at once, if it can be; the page tells how it goes."""
    if visit.case is None:
        return visit.back()
    await visit.parts.pick_day.at_once(visit.case)
    return visit.back()


def shown(offer: DaysOffer, speech: Speech) -> dict[str, Any]:
    """For the template: `days` are choices and their words, `picked_day` is the one that holds."""
    others = [day for day in offer.days if day != offer.picked]
    return {
        "days": [(day.isoformat(), speech.weekday(day)) for day in others],
        "picked_day": speech.weekday(offer.picked) if offer.picked else None,
    }


def charged_at_once(offer: DaysOffer, card: Card | None) -> tuple[Money, ...]:
    """What the card on file can be charged with while its owner waits. A bank debit is answered
    days later, and a card without a name on the page cannot be chosen."""
    if card is None or card.last4 is None or card.kind in DEBIT_SCHEMES:
        return ()
    return offer.at_once


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
