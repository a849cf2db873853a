"""The page "API keys": made, listed, revoked; a key is shown once, on the page that made it."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.response import Redirect
from msgspec import Struct

from application.ports.accounts import Principal
from application.ports.api_keys import LONGEST_NAME, ApiKey
from web import times
from web.forms import read_form
from web.parts import WebParts
from web.rendering import AnyRequest, Renderer
from web.wording import in_app as words

PATH: Final = "/settings/api-keys"
A_SECOND: Final = timedelta(seconds=1)


class Line(Struct, frozen=True, kw_only=True):
    """A key, ready to be printed."""

    key_id: str
    name: str
    hint: str
    made: str
    used: str
    revoked: str | None


@get(PATH)
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Those that work, and those that did."""
    return await _page(request, principal, parts, renderer)


@post(PATH, status_code=200)
async def make(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """A new key, shown on this page and never again. The form brings its id, so that sending it
    twice makes one key."""
    form = await read_form(request, parts)
    key_id, actor = _id(form.get("key_id", "")), f"user:{principal.user_id}"
    made = await parts.api_keys.make(principal.merchant_id, key_id, form.get("name", ""), actor)
    return await _page(request, principal, parts, renderer, made=made, refused=made is None)


@post(f"{PATH}/revoke", status_code=303)
async def revoke(
    request: AnyRequest, principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """From now on it opens nothing; one that is revoked already stays so."""
    key_id = _id((await read_form(request, parts)).get("key_id", ""))
    await parts.api_keys.revoke(principal.merchant_id, key_id, f"user:{principal.user_id}")
    return Redirect(PATH, status_code=303)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundException from None


async def _page(  # noqa: PLR0913 - a page is made of all of these
    request: AnyRequest,
    principal: Principal,
    parts: WebParts,
    renderer: Renderer,
    *,
    made: str | None = None,
    refused: bool = False,
) -> Response[Any]:
    keys = await parts.api_keys.all(principal.merchant_id)
    return renderer.page_or_fragment(
        request,
        principal,
        page="settings/api_keys.html",
        fragment="settings/api_keys.html",
        working=[_line(key, principal, parts) for key in keys if key.revoked_at is None],
        revoked=[_line(key, principal, parts) for key in keys if key.revoked_at is not None],
        made=made,
        trouble=words.KEY_NOT_MADE if refused else None,
        new_id=uuid4(),
        longest=LONGEST_NAME,
        version=await parts.changes(principal.merchant_id),
    )


def _line(key: ApiKey, principal: Principal, parts: WebParts) -> Line:
    """Keys are made and used in the real world, whatever a rehearsal's clock says."""
    used, now = key.last_used_at, parts.wall()
    return Line(
        key_id=str(key.key_id),
        name=key.name,
        hint=key.hint,
        made=times.dated(key.created_at, principal.timezone),
        used=times.relative(min(used, now - A_SECOND), now) if used else "never",
        revoked=times.dated(key.revoked_at, principal.timezone) if key.revoked_at else None,
    )
