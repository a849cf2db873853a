"""The page about the brand: what customers see of the merchant, tried before it is kept."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct
from msgspec.structs import replace

from application.ports.accounts import Principal
from application.ports.brands import MOST_LOGO_BYTES, LogoRefused
from application.ports.registry import MerchantProfile
from application.ports.wordings import LetterRef
from application.use_cases.try_letter import Wish
from domain.brand import BRAND_TEXTS, Brand, BrandFault, brand_faults, is_wanted_in, parse, tidied
from domain.brand.colour import DARK_GROUNDS, LIGHT_GROUNDS, Shade, look_of
from domain.letters import LetterKind
from web.brand_look import worn_by
from web.forms import read_file, read_form
from web.letter_frame import framed, with_frames
from web.parts import WebParts
from web.rendering import AnyRequest, Renderer
from web.wording.letters import BRAND_FIELDS, LOGO_REFUSED

PATH: Final = "/settings/brand"
MOST_UPLOAD_BYTES: Final = 1_000_000  # what is larger than a logo may be is told so on the page


class Sample(Struct, frozen=True, kw_only=True):
    """A colour on one ground."""

    words: str
    ground: str
    shade: Shade


@get(PATH)
async def show(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str]:
    """What holds now; `refused` in the address names why a logo was not taken."""
    merchant = await parts.registry.merchant(principal.merchant_id)
    refused = LOGO_REFUSED.get(request.query_params.get("refused", ""))
    told = (merchant, _shown(merchant), (), refused)
    return await _page(request, principal, parts, renderer, told)


@post(PATH)
async def keep(
    request: AnyRequest,
    principal: NamedDependency[Principal],
    parts: NamedDependency[WebParts],
    renderer: NamedDependency[Renderer],
) -> Response[str] | Redirect:
    """Kept as it is; or the form again, with what is wrong beside each field."""
    wanted = _brand(await read_form(request, parts))
    faults = await parts.set_brand(principal.merchant_id, wanted, _actor(principal))
    if not faults:
        return Redirect(f"{PATH}?kept=yes", status_code=303)
    merchant = await parts.registry.merchant(principal.merchant_id)
    told = (merchant, wanted, faults, None)
    page = await _page(request, principal, parts, renderer, told)
    page.status_code = 422
    return page


@post(f"{PATH}/logo", request_max_body_size=MOST_UPLOAD_BYTES, status_code=303, takes_files=True)
async def keep_logo(
    request: AnyRequest, principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Redirect:
    """Drawn anew from the file, which is not kept; or none, where the form says so."""
    if "none" in await read_form(request, parts):
        await parts.set_brand.no_logo(principal.merchant_id, _actor(principal))
        return Redirect(PATH, status_code=303)
    raw = await read_file(request, parts, "logo", MOST_LOGO_BYTES)
    if not raw:
        return Redirect(f"{PATH}?refused=no_file", status_code=303)
    try:
        await parts.set_brand.logo(principal.merchant_id, raw, _actor(principal))
    except LogoRefused as reason:
        return Redirect(f"{PATH}?refused={reason}", status_code=303)
    return Redirect(f"{PATH}?kept=yes", status_code=303)


@post(f"{PATH}/preview", status_code=200)
async def preview(
    request: AnyRequest, principal: NamedDependency[Principal], parts: NamedDependency[WebParts]
) -> Response[str]:
    """A letter that wears what the form says; what is wrong in it is left out."""
    form = await read_form(request, parts)
    brand = tidied(_brand(form))
    faulty = {fault.field for fault in brand_faults(brand)}
    texts = {name: getattr(brand, name) for name in BRAND_TEXTS if name not in faulty}
    wish = Wish(letter=LetterRef(LetterKind.PAYMENT_FAILED, "en"), brand=Brand(**texts))
    letter = await parts.try_letter.preview(principal.merchant_id, wish)
    return framed(letter, as_text=form.get("as") == "text")


@post(f"{PATH}/check", status_code=200)
async def check(
    request: AnyRequest, parts: NamedDependency[WebParts], renderer: NamedDependency[Renderer]
) -> Response[str]:
    """What the page says of a form that is being filled in."""
    brand = tidied(_brand(await read_form(request, parts)))
    return renderer.page("settings/_colour.html", samples=_samples(brand), faults=_said(brand))


async def _page(
    request: AnyRequest,
    principal: Principal,
    parts: WebParts,
    renderer: Renderer,
    told: tuple[MerchantProfile, Brand, Sequence[BrandFault], str | None],
) -> Response[str]:
    merchant, brand, faults, refused = told
    page = renderer.page_or_fragment(
        request,
        principal,
        page="settings/brand.html",
        fragment="settings/brand.html",
        brand=brand,
        samples=_samples(brand),
        faults=tuple((BRAND_FIELDS[fault.field], fault.words) for fault in faults),
        wrong={fault.field: fault.words for fault in faults},
        most=BRAND_TEXTS,
        worn=worn_by(merchant),
        refused=refused,
        kept=request.query_params.get("kept") == "yes",
        address_wanted=await _is_address_wanted(parts, principal) and not brand.legal_address,
        version=await parts.changes(principal.merchant_id),
    )
    return with_frames(page)


async def _is_address_wanted(parts: WebParts, principal: Principal) -> bool:
    if parts.stripe_desk is None:
        return False
    accounts = await parts.stripe_desk.accounts(principal.merchant_id)
    return any(is_wanted_in(standing.connection.country) for standing in accounts)


def _shown(merchant: MerchantProfile) -> Brand:
    """What is in force stands in the form, whoever decided it."""
    brand = merchant.brand
    return replace(
        brand,
        display_name=merchant.known_as,
        sender_name=merchant.sender,
        reply_to=merchant.answers_go_to or "",
    )


def _brand(form: dict[str, str]) -> Brand:
    texts: dict[str, Any] = {name: form.get(name, "") for name in BRAND_TEXTS}
    return Brand(**texts)


def _samples(brand: Brand) -> tuple[Sample, ...]:
    """What becomes of the colour; empty for none."""
    colour = parse(brand.colour)
    if colour is None:
        return ()
    look = look_of(colour)
    return (
        Sample(words="In the light", ground=LIGHT_GROUNDS[1].hex, shade=look.light),
        Sample(words="In the dark", ground=DARK_GROUNDS[0].hex, shade=look.dark),
    )


def _said(brand: Brand) -> tuple[tuple[str, str], ...]:
    return tuple((BRAND_FIELDS[fault.field], fault.words) for fault in brand_faults(brand))


def _actor(principal: Principal) -> str:
    return f"user:{principal.user_id}"
