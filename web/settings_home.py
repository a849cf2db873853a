"""The page of settings: all of them by name, each with a sentence."""

from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency

from application.ports.accounts import Principal
from web.parts import WebParts
from web.places import HOME
from web.rendering import AnyRequest, Renderer

PAGE: Final = "settings/home.html"


@get(HOME.url, name="settings.home")
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Changes nothing, and shows only what this person may open."""
    version = await parts.changes(principal.merchant_id)
    return renderer.page_or_fragment(request, principal, page=PAGE, fragment=PAGE, version=version)
