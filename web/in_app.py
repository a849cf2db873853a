"""The page "In your app": what customers see there, where, and what signs their ids."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter
from litestar.response import Redirect
from msgspec import Struct

from application.origins import origin_of
from application.ports.accounts import Principal
from application.ports.in_app import MOST_GRACE_DAYS, MOST_ORIGINS, InAppSettings
from domain.entitlement import InApp, Wall
from web import times
from web.assets import Assets
from web.forms import read_form
from web.parts import WebParts
from web.rendering import NO_STORE, AnyRequest, Renderer
from web.snippet import SCRIPT, integrity
from web.wording import in_app as words

PATH: Final = "/settings/in-your-app"
LONGEST_LINE: Final = 80  # of what is said back to whoever wrote it
ON: Final = "on"


class Wishes(Struct, frozen=True, kw_only=True):
    """What the form says, and what is wrong with it. `lines` are the origins as they were typed."""

    grace_days: str
    shown: bool
    banner: bool
    wall: Wall
    lines: str
    origins: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    def wanted(self) -> InApp:
        """Only of a form without faults."""
        return InApp(
            grace_days=int(self.grace_days), shown=self.shown, banner=self.banner, wall=self.wall
        )


@get(PATH)
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    assets: NamedDependency[Assets],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """All of it; `refused` in the address says that a form had been sent before."""
    trouble = words.SENT_TWICE if "refused" in request.query_params else None
    return await _page(request, principal, parts, assets, renderer, trouble=trouble)


@post(PATH, status_code=303)
async def save(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    assets: NamedDependency[Assets],
    renderer: NamedDependency[Renderer],
) -> Response[Any]:
    """Save the wishes, or show them again with what is wrong with them."""
    wishes = _wishes(await read_form(request, parts))
    if wishes.faults:
        page = await _page(request, principal, parts, assets, renderer, wishes=wishes)
        page.status_code = 422
        return page
    wanted, actor = wishes.wanted(), f"user:{principal.user_id}"
    await parts.set_up_in_app.save(principal.merchant_id, wanted, wishes.origins, actor)
    return Redirect(PATH, status_code=303)


@post(f"{PATH}/secret", status_code=200)
async def make_secret(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    assets: NamedDependency[Assets],
    renderer: NamedDependency[Renderer],
) -> Response[Any]:
    """A new secret, shown on this page and never again."""
    before, actor = (await read_form(request, parts)).get("before", ""), f"user:{principal.user_id}"
    try:
        known = datetime.fromisoformat(before) if before else None
    except ValueError:
        return Redirect(f"{PATH}?refused", status_code=303)
    secret = await parts.set_up_in_app.make_secret(principal.merchant_id, known, actor)
    if secret is None:
        return Redirect(f"{PATH}?refused", status_code=303)
    return await _page(request, principal, parts, assets, renderer, secret=secret)


@post(f"{PATH}/check", status_code=200)
async def check(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    assets: NamedDependency[Assets],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Whether a signature is right: the snippet itself tells nobody."""
    form = await read_form(request, parts)
    said = {name: form.get(name, "").strip() for name in ("customer", "signature", "expires")}
    fits = await parts.set_up_in_app.is_signed(principal.merchant_id, **said)
    checked = {**said, "fits": fits, "verdict": words.VERDICTS[fits]}
    return await _page(request, principal, parts, assets, renderer, checked=checked)


@get(f"{PATH}/preview/{{notice:str}}")
async def preview(
    principal: NamedDependency[Principal],  # noqa: ARG001 - who may see it
    renderer: NamedDependency[Renderer],
    notice: Annotated[str, PathParameter()],
) -> Response[str]:
    """The snippet itself in a page of ours, with an example's words."""
    shown = next((each for each in words.PREVIEWS if each == notice), None)
    if shown is None:
        raise NotFoundException
    return renderer.page(
        "settings/in_app_preview.html", headers=NO_STORE, notice=shown.value, script=SCRIPT,
        name=words.PREVIEWS[shown], back=PATH,
    )  # fmt: skip


async def _page(  # noqa: PLR0913 - a page is made of all of these
    request: AnyRequest,
    principal: Principal,
    parts: WebParts,
    assets: Assets,
    renderer: Renderer,
    *,
    wishes: Wishes | None = None,
    trouble: tuple[str, str] | None = None,
    secret: str | None = None,
    checked: Mapping[str, Any] | None = None,
) -> Response[str]:
    settings = await parts.set_up_in_app.settings(principal.merchant_id)
    made = settings.secret_made_at
    given = (parts.base_url, str(principal.merchant_id), integrity(assets))
    return renderer.page_or_fragment(
        request,
        principal,
        page="settings/in_app.html",
        fragment="settings/in_app.html",
        wishes=wishes or _as_saved(settings),
        trouble=trouble,
        secret=secret,
        checked=checked,
        made=times.dated(made, principal.timezone) if made else None,
        before=made.isoformat() if made else "",
        walls=words.WALLS,
        previews=words.PREVIEWS,
        most_days=MOST_GRACE_DAYS,
        snippet=words.example("page", *given),
        signing={name: words.example(file, *given) for name, file in words.SIGNING.items()},
        asking=words.example("ask", *given),
        origin=parts.base_url,
        version=await parts.changes(principal.merchant_id),
    )


def _as_saved(settings: InAppSettings) -> Wishes:
    wanted = settings.wanted
    return Wishes(
        grace_days=str(wanted.grace_days),
        shown=wanted.shown,
        banner=wanted.banner,
        wall=wanted.wall,
        lines="\n".join(settings.origins),
    )


def _wishes(form: Mapping[str, str]) -> Wishes:
    """Everything that is wrong is said at once, and what was typed stays."""
    grace, lines = form.get("grace_days", "").strip(), form.get("origins", "")
    faults: tuple[str, ...] = ()
    number = grace if grace.isascii() and grace.isdecimal() and len(grace) <= 4 else "-1"
    if not 0 <= int(number) <= MOST_GRACE_DAYS:
        faults += (words.GRACE_FAULT.format(most=MOST_GRACE_DAYS),)
    typed = [line.strip() for line in lines.splitlines() if line.strip()]
    found = [(line, origin_of(line)) for line in typed[: MOST_ORIGINS + 1]]
    if len(typed) > MOST_ORIGINS:
        faults += (words.ORIGINS_FAULT.format(most=MOST_ORIGINS),)
    faults += tuple(
        words.ORIGIN_FAULT.format(line=line[:LONGEST_LINE])
        for line, origin in found
        if origin is None
    )
    return Wishes(
        grace_days=grace[:9],
        shown=form.get("shown") == ON,
        banner=form.get("banner") == ON,
        wall=next((each for each in Wall if each == form.get("wall")), Wall.SOFT),
        lines=lines,
        origins=tuple(dict.fromkeys(origin for _, origin in found if origin)),
        faults=faults,
    )
