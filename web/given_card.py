"""Where the customer gives another card: on Stripe's own page, and back to ours."""

import structlog
from litestar import Response, get, post
from litestar.di import NamedDependency

from application.errors import Unavailable
from application.ports.stores import CardLink
from web import expiring_card
from web.customer_pages import Visit

_log = structlog.get_logger()


@post("/r/{token:str}/card", name="customer.card", status_code=303)
async def give(visit: NamedDependency[Visit]) -> Response[str]:
    """To Stripe's page for a card; where there is none, to the one of the invoice."""
    if isinstance(visit.target, CardLink):
        return await expiring_card.go(visit.target, visit)
    if visit.case is None:
        return visit.back()
    parts = visit.parts
    url = await parts.give_card.page(visit.case, f"{visit.address}/back")
    url = url or await parts.open_payment_page(visit.case)
    if url is None:
        merchant = await parts.registry.merchant(visit.case.merchant_id)
        return visit.settled(merchant, visit.speech.over["not_due"])
    return visit.on_to(url)


@get("/r/{token:str}/back", name="customer.back", status_code=303)
async def back(visit: NamedDependency[Visit]) -> Response[str]:
    """Where Stripe's page leads: what they gave there is looked at now. It is the only address
    opened by a browser that does more than show: it says nothing of its own, it reads Stripe."""
    if visit.target is None:
        return visit.back()
    try:
        if isinstance(visit.target, CardLink):
            await visit.parts.card_pages.returned(visit.target)
        elif visit.case is not None:
            await visit.parts.give_card.given(visit.case)
    except Unavailable:  # Stripe's own word of it will come
        _log.warning("return_not_looked_at")
    return visit.back()
