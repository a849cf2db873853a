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
from web.wording.customer import Speech

AGAIN: Final = "again"


@get("/u/{token:str}", name="customer.letters")
async def show(
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    speech: NamedDependency[Speech],
) -> Response[str]:
    """Shows a button and changes nothing: mail scanners open links too."""
    target = await target_of(token, parts)
    return await _page(target, token, parts, renderer, speech)


@post("/u/{token:str}", name="customer.unsubscribe", status_code=200)
async def answer(
    request: Request[Any, Any, Any],
    token: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
    speech: NamedDependency[Speech],
) -> Response[str]:
    """Carried out at once. Mail programs say "One-Click" in a form of either encoding and must not
    be sent on to another page (RFC 8058, 3.1): to post here at all is to say stop."""
    target = await target_of(token, parts)
    form = await read_form(request, parts)
    if target is not None and form.get("letters") == AGAIN:
        await parts.unsubscribe.again(target)
    elif target is not None:
        await parts.unsubscribe.stop(target)
    return await _page(target, token, parts, renderer, speech)


async def _page(
    target: LinkTarget | CardLink | None,
    token: str,
    parts: WebParts,
    renderer: Renderer,
    speech: Speech,
) -> Response[str]:
    if target is None:
        return gone(renderer, speech)
    merchant = await parts.registry.merchant(target.merchant_id)
    silent = await parts.unsubscribe.is_silent(target)
    if silent is None:
        return settled(renderer, speech, merchant, speech.letters["unknown"])
    return renderer.page(
        "customer/letters.html",
        headers=PRIVATE,
        speech=speech,
        merchant=merchant.name,
        silent=silent,
        token=token,
    )
