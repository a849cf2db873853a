"""A merchant's brand where customers see it: its colours as a stylesheet of ours, its logo."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter
from msgspec import Struct

from application.ports.registry import MerchantProfile
from domain.brand import Colour, look_of, parse
from web.assets import FOREVER
from web.parts import WebParts

LOGO_WITHIN: Final = (240, 72)  # pixels of a page


class Worn(Struct, frozen=True, kw_only=True):
    """What a customer's page shows of a brand."""

    stylesheet: str | None
    logo: str | None
    logo_size: tuple[int, int] | None
    foot: tuple[str, ...]
    support_email: str
    support_url: str


def worn_by(merchant: MerchantProfile) -> Worn:
    """Addresses with their content in them: cached for ever."""
    brand, colour = merchant.brand, parse(merchant.brand.colour)
    logo = brand.logo
    return Worn(
        stylesheet=f"/brand/colours/{colour.hex[1:]}.css" if colour else None,
        logo=f"/brand/{merchant.merchant_id}/{logo.digest}.png" if logo else None,
        logo_size=logo.fitted(*LOGO_WITHIN) if logo else None,
        foot=tuple(line for line in (brand.footer, *brand.legal_address.split("\n")) if line),
        support_email=brand.support_email,
        support_url=brand.support_url,
    )


@get("/brand/colours/{name:str}", name="brand.colours", sync_to_thread=False)
def colours(name: Annotated[str, PathParameter()]) -> Response[str]:
    """Made of the colour alone: the same for whoever likes it, and kept nowhere."""
    colour = parse(name.removesuffix(".css")) if name.endswith(".css") else None
    if colour is None or name != f"{colour.hex[1:]}.css":
        raise NotFoundException
    return Response(
        stylesheet(colour), headers={"Cache-Control": FOREVER}, media_type="text/css; charset=utf-8"
    )


@get("/brand/{merchant_id:uuid}/{name:str}", name="brand.logo")
async def logo(
    merchant_id: Annotated[UUID, PathParameter()],
    name: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
) -> Response[bytes]:
    """The picture that we drew; its name is its content, so it never changes."""
    digest = name.removesuffix(".png")
    known = name.endswith(".png") and len(digest) == 64 and digest.isascii() and digest.isalnum()
    png = await parts.registry.logo(merchant_id, digest) if known else None
    if png is None:
        raise NotFoundException
    headers = {"Cache-Control": FOREVER, "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(png, headers=headers, media_type="image/png")


def stylesheet(colour: Colour) -> str:
    """What the customer's pages ask for by name, in the light and in the dark."""
    look = look_of(colour)
    pairs = {
        "brand": (look.light.button, look.dark.button),
        "brand-edge": (look.light.edge, look.dark.edge),
        "on-brand": (look.light.on_button, look.dark.on_button),
        "brand-text": (look.light.text, look.dark.text),
    }
    told = "".join(
        f"--{name}:light-dark({light.hex},{dark.hex});" for name, (light, dark) in pairs.items()
    )
    return f":root{{{told}}}\n"
