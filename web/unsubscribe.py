"""No more of these letters, `/u/{token}`: a button, or the mail program's own (RFC 8058)."""

from typing import Final

from litestar import Response, get, post
from litestar.di import NamedDependency

from web.customer_pages import Visit
from web.forms import read_form
from web.rendering import AnyRequest

AGAIN: Final = "again"


@get("/u/{token:str}", name="customer.letters")
async def show(visit: NamedDependency[Visit]) -> Response[str]:
    """Shows a button and changes nothing: mail scanners open links too."""
    return await _page(visit)


@post("/u/{token:str}", name="customer.unsubscribe", status_code=200)
async def answer(request: AnyRequest, visit: NamedDependency[Visit]) -> Response[str]:
    """Carried out at once. Mail programs say "One-Click" in a form of either encoding and must not
    be sent on to another page (RFC 8058, 3.1): to post here at all is to say stop."""
    form, unsubscribe = await read_form(request, visit.parts), visit.parts.unsubscribe
    if visit.target is not None and form.get("letters") == AGAIN:
        await unsubscribe.again(visit.target)
    elif visit.target is not None:
        await unsubscribe.stop(visit.target)
    return await _page(visit)


async def _page(visit: Visit) -> Response[str]:
    if visit.target is None:
        return visit.gone(asked=None)
    merchant = await visit.parts.registry.merchant(visit.target.merchant_id)
    silent = await visit.parts.unsubscribe.is_silent(visit.target)
    if silent is None:
        return visit.settled(merchant, visit.speech.letters["unknown"])
    return visit.page("customer/letters.html", merchant=merchant, silent=silent)
