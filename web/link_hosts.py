"""The merchant's own host name for customers' links: its page, and what a host says when asked."""

from collections.abc import Iterator
from typing import Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from application.ports.accounts import Principal
from domain.link_host import HostUnfit, LinkHost
from domain.records import State
from web import times
from web.forms import read_form
from web.hosts import allowed_hosts
from web.parts import WebParts
from web.records import Record, shown_state
from web.rendering import AnyRequest, Renderer
from web.wording import link_hosts as words

PATH: Final = "/settings/links"
LONGEST: Final = 253  # characters of a host's name
UNASKED: Final = {"Cache-Control": "no-store"}


class Shown(Struct, frozen=True, kw_only=True):
    """What the page says."""

    begins: str  # where links lead now
    own: str
    host: str | None
    stands: bool
    alert: str | None
    looked_at: str | None
    records: tuple[Record, ...]


@get("/.well-known/chargechase")
async def who(request: AnyRequest, parts: NamedDependency[WebParts]) -> Response[str]:
    """Whoever asks by this name has come to this installation. Nothing is told but that."""
    host = request.headers.get("host", "").lower().partition(":")[0]
    return Response(
        parts.host_answers.answer(host[:LONGEST]), headers=UNASKED, media_type="text/plain"
    )


@get("/tls/ask")
async def may_have_certificate(
    request: AnyRequest, parts: NamedDependency[WebParts]
) -> Response[None]:
    """For a proxy that gets certificates on demand: 200 for a name that is ours or that a merchant
    has proven, 404 for any other."""
    name = request.query_params.get("domain", "").lower()
    is_ours = name in allowed_hosts(parts.base_url)
    known = is_ours or (len(name) <= LONGEST and await parts.link_hosts.is_proven(name))
    return Response(None, status_code=200 if known else 404, headers=UNASKED)


@get(PATH)
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Where links lead; `refused` in the address names why something was not done."""
    it = await parts.link_host_desk.read(principal.merchant_id)
    links = await parts.links.of(principal.merchant_id)
    return renderer.page_or_fragment(
        request,
        principal,
        page="settings/links.html",
        fragment="settings/links.html",
        it=_shown(it, links.page("…"), parts.link_host_desk.own_host, principal),
        trouble=words.TROUBLES.get(request.query_params.get("refused", "")),
        version=await parts.changes(principal.merchant_id),
    )


@post(f"{PATH}/host", status_code=303)
async def choose(
    request: AnyRequest, principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Lead links there, once it is proven."""
    form = await read_form(request, parts)
    try:
        await parts.link_host_desk.choose(
            principal.merchant_id, form.get("host", ""), _actor(principal)
        )
    except HostUnfit as unfit:
        return Redirect(f"{PATH}?refused={unfit}", status_code=303)
    await parts.link_host_desk.check(principal.merchant_id)
    return Redirect(PATH, status_code=303)


@post(f"{PATH}/check", status_code=303)
async def check(
    principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Look now."""
    await parts.link_host_desk.check(principal.merchant_id)
    return Redirect(PATH, status_code=303)


@post(f"{PATH}/remove", status_code=303)
async def remove(
    principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Links lead to the installation's own host again."""
    await parts.link_host_desk.remove(principal.merchant_id, _actor(principal))
    return Redirect(PATH, status_code=303)


def _shown(it: LinkHost | None, begins: str, own: str, principal: Principal) -> Shown:
    zone = principal.timezone
    return Shown(
        begins=begins,
        own=own,
        host=it.host if it else None,
        stands=it is not None and it.stands,
        alert=_alert(it, own, zone) if it else None,
        looked_at=times.sentence(it.tried_at, zone) if it and it.tried_at else None,
        records=tuple(_records(it, own)) if it else (),
    )


def _alert(it: LinkHost, own: str, zone: str) -> str | None:
    if it.taken:
        return words.taken(it.host)
    if it.lost_at is not None:
        return words.lost_since(it.host, own, times.day(it.lost_at, zone))
    return None


def _records(it: LinkHost, own: str) -> Iterator[Record]:
    tone, state = shown_state(it.record)
    yield Record(
        purpose=words.PROVES, name=it.record_name, value=it.record_value, tone=tone, state=state
    )
    tone, state = shown_state(it.page)
    if it.page is State.WRONG:
        state = words.ELSEWHERE
    elif it.page is not State.RIGHT and it.record is not State.RIGHT:
        state = words.WAITS
    yield Record(
        type="CNAME",
        purpose=words.LEADS,
        name=it.host,
        value=own,
        tone=tone,
        state=state,
        note=None if it.page is State.RIGHT else words.LEADS_NOTE,
    )


def _actor(principal: Principal) -> str:
    return f"user:{principal.user_id}"
