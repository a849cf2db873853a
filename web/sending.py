"""The page about the sender of letters: the merchant's own domain, its records, how they fare."""

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.response import Redirect
from msgspec import Struct

from application.errors import NotFound
from application.ports.accounts import Principal
from application.ports.mail_limits import comes_back_too_often
from application.ports.sealing import CannotSeal
from domain.records import State
from domain.sending import AddressUnfit, SendingDomain
from web import times
from web.forms import read_form
from web.merchant_parts import SendingDesk
from web.parts import WebParts
from web.records import Record, shown_state
from web.rendering import AnyRequest, Renderer
from web.wording import sending as words

PATH: Final = "/settings/sending"


class Shown(Struct, frozen=True, kw_only=True):
    """What the page says."""

    sender: str  # who letters come from now
    domain: str | None
    address: str | None
    stands: bool
    lost: str | None
    looked_at: str | None
    records: tuple[Record, ...]
    is_rotating: bool
    facts: tuple[tuple[str, str], ...]
    rests: bool  # too many come back


@get(PATH)
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """Who letters come from; `refused` in the address names why something was not done."""
    return renderer.page_or_fragment(
        request,
        principal,
        page="settings/sending.html",
        fragment="settings/sending.html",
        it=await _shown(_desk(parts), principal),
        trouble=words.TROUBLES.get(request.query_params.get("refused", "")),
        version=await parts.changes(principal.merchant_id),
    )


@post(f"{PATH}/address", status_code=303)
async def choose(
    request: AnyRequest, principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Send from there, once its records stand."""
    form = await read_form(request, parts)
    try:
        await _desk(parts).choose(principal.merchant_id, form.get("address", ""), _actor(principal))
    except AddressUnfit as unfit:
        return _back(str(unfit))
    except CannotSeal:
        return _back("sealed")
    return _back()


@post(f"{PATH}/check", status_code=303)
async def check(
    principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Look at the records now."""
    await _desk(parts).check(principal.merchant_id)
    return _back()


@post(f"{PATH}/key", status_code=303)
async def rotate(
    principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """A new key beside the one that signs."""
    try:
        await _desk(parts).rotate(principal.merchant_id, _actor(principal))
    except NotFound:
        raise NotFoundException from None
    except CannotSeal:
        return _back("sealed")
    return _back()


@post(f"{PATH}/remove", status_code=303)
async def remove(
    principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Letters come from the installation again."""
    await _desk(parts).remove(principal.merchant_id, _actor(principal))
    return _back()


async def _shown(desk: SendingDesk, principal: Principal) -> Shown:
    it, hour = await desk.standing(principal.merchant_id)
    own, zone = parseaddr(desk.sender)[1], principal.timezone
    now = it.address if it is not None and it.stands else own
    facts = (
        ("Letters of the last hour", words.went(hour.went)),
        ("Of them came back", words.came_back(hour.dead, hour.complained)),
        ("At most", f"{desk.limits.per_minute:,} a minute, {desk.limits.per_day:,} a day"),
    )
    lost_at = it.lost_at if it else None
    return Shown(
        sender=f"{principal.merchant_name} <{now}>",
        domain=it.domain if it else None,
        address=it.address if it else None,
        stands=it is not None and it.stands,
        lost=words.lost_since(it.domain, own, times.day(lost_at, zone)) if it and lost_at else None,
        looked_at=times.sentence(it.tried_at, zone) if it and it.tried_at else None,
        records=tuple(_records(it)) if it else (),
        is_rotating=it is not None and it.stands and not it.newest.found,
        facts=facts,
        rests=comes_back_too_often(hour, desk.limits),
    )


def _records(it: SendingDomain) -> Iterator[Record]:
    """The newest key's; while the one before signs still, that one's as well."""
    keys = [key for key in it.keys if key.found or key is it.newest]
    for key in keys:
        state = State.RIGHT if key.found else it.dkim
        if not key.found and it.dkim is State.RIGHT:  # that was the other key's
            state = State.MISSING
        is_next = key is it.newest and len(keys) > 1 and not key.found
        yield _record(
            words.NEXT_DKIM_FOR if is_next else words.DKIM_FOR,
            f"{key.selector}._domainkey.{it.domain}",
            key.record,
            state,
        )
    yield _record(words.DMARC_FOR, f"_dmarc.{it.domain}", words.DMARC_VALUE, it.dmarc)


def _record(purpose: str, name: str, value: str, state: State) -> Record:
    tone, told = shown_state(state)
    is_dmarc = purpose == words.DMARC_FOR
    note = words.DMARC_ANY if is_dmarc and state is not State.RIGHT else None
    return Record(purpose=purpose, name=name, value=value, tone=tone, state=told, note=note)


def _desk(parts: WebParts) -> SendingDesk:
    if parts.sending_desk is None:
        raise NotFoundException
    return parts.sending_desk


def _actor(principal: Principal) -> str:
    return f"user:{principal.user_id}"


def _back(reason: str | None = None) -> Redirect:
    return Redirect(f"{PATH}?refused={reason}" if reason else PATH, status_code=303)
