"""No more of these letters, `/u/{token}`: a button, or the mail program's own (RFC 8058)."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter

from application.ports.stores import CardLink, LinkTarget
from web.customer_pages import PRIVATE, gone, settled, target_of
from web.forms import read_form
from web.parts import WebParts
from web.rendering import Renderer

AGAIN: Final = "again"
UNKNOWN: Final = "We do not write to you. There is nothing to do."


@get("/u/{token:str}", name="customer.letters")
async def show(
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Shows a button and changes nothing: mail scanners open links too."""
    target = await target_of(token, parts)
    return await _page(target, token, parts, renderer)


@post("/u/{token:str}", name="customer.unsubscribe", status_code=200)
async def answer(
    request: Request[Any, Any, Any],
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Carried out at once. Mail programs say "One-Click" in a form of either encoding and must not
    be sent on to another page (RFC 8058, 3.1): to post here at all is to say stop."""
    target = await target_of(token, parts)
    form = await read_form(request, parts)
    if target is not None and form.get("letters") == AGAIN:
        await parts.unsubscribe.again(target)
    elif target is not None:
        await parts.unsubscribe.stop(target)
    return await _page(target, token, parts, renderer)


async def _page(
    target: LinkTarget | CardLink | None, token: str, parts: WebParts, renderer: Renderer
) -> Response[str]:
    if target is None:
        return gone(renderer)
    merchant = await parts.registry.merchant(target.merchant_id)
    silent = await parts.unsubscribe.is_silent(target)
    if silent is None:
        return settled(renderer, merchant, UNKNOWN)
    return renderer.page(
        "customer/letters.html",
        headers=PRIVATE,
        merchant=merchant.name,
        silent=silent,
        token=token,
    )
