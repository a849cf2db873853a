"""Where the customer gives another card: on Stripe's own page, and back to ours."""

from typing import Annotated

import structlog
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from application.change_case import CaseRef
from application.errors import Unavailable
from application.ports.stores import CardLink
from web import expiring_card
from web.customer_pages import PRIVATE, gone, on_to, settled, target_of
from web.parts import WebParts
from web.rendering import Renderer
from web.wording.customer import Speech

_log = structlog.get_logger()


@post("/r/{token:str}/card", name="customer.card", status_code=303)
async def give(
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    speech: NamedDependency[Speech],
) -> Response[str]:
    """To Stripe's page for a card; where there is none, to the one of the invoice."""
    target = await target_of(token, parts)
    if target is None:
        return gone(renderer, speech)
    if isinstance(target, CardLink):
        return await expiring_card.go(target, token, parts, renderer, speech)
    ref = CaseRef(target.merchant_id, target.case_id)
    url = await parts.give_card.page(ref, f"{parts.base_url}/r/{token}/back")
    url = url or await parts.open_payment_page(ref)
    if url is None:
        merchant = await parts.registry.merchant(target.merchant_id)
        return settled(renderer, speech, merchant, speech.over["not_due"])
    return on_to(url, parts)


@get("/r/{token:str}/back", name="customer.back", status_code=303)
async def back(
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    speech: NamedDependency[Speech],
) -> Response[str]:
    """Where Stripe's page leads: what they gave there is looked at now. It is the only address
    opened by a browser that does more than show: it says nothing of its own, it reads Stripe."""
    target = await target_of(token, parts)
    if target is None:
        return gone(renderer, speech)
    try:
        if isinstance(target, CardLink):
            await parts.card_pages.returned(target)
        else:
            await parts.give_card.given(CaseRef(target.merchant_id, target.case_id))
    except Unavailable:  # Stripe's own word of it will come
        _log.warning("return_not_looked_at")
    return Response("", status_code=303, headers={**PRIVATE, "Location": f"/r/{token}"})
