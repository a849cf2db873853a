"""A merchant's brand: what it may hold, and what is wrong with it, field by field."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from domain.brand.colour import parse
from domain.visible import invisible_in

# How long each may be, in characters; one line each but the address.
BRAND_TEXTS: Final = {
    "colour": 7,
    "display_name": 60,
    "sender_name": 60,
    "reply_to": 254,
    "footer": 200,
    "legal_address": 300,
    "support_email": 254,
    "support_url": 200,
}
ADDRESS_LINES: Final = 6
ADDRESS: Final = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.IGNORECASE | re.ASCII,
)
# Where letters of a business must say who and where it is. Sources: Directive (EU) 2017/1132,
# article 26; the United Kingdom's trading disclosures of 2015; Canada's anti-spam law, 6(2);
# the United States' CAN-SPAM act (of letters that advertise, too).
WANTED_IN: Final = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
    " GB CH CA US".split()
)


class Logo(Struct, frozen=True, kw_only=True):
    """A picture as we made it: the SHA-256 of its bytes in hexadecimal, and its size in pixels."""

    digest: str
    width: int
    height: int

    def fitted(self, width: int, height: int) -> tuple[int, int]:
        """Its size where it may be so wide and so high; never larger than it is."""
        scale = min(width / self.width, height / self.height, 1.0)
        return max(round(self.width * scale), 1), max(round(self.height * scale), 1)


class Brand(Struct, frozen=True, kw_only=True):
    """What is empty is as it was before: the merchant's name, ink, no line."""

    colour: str = ""  # "#rrggbb"
    display_name: str = ""  # in letters and on customers' pages
    sender_name: str = ""  # whom a letter comes from
    reply_to: str = ""
    footer: str = ""
    legal_address: str = ""
    support_email: str = ""
    support_url: str = ""
    logo: Logo | None = None


class BrandFault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, and in which field."""

    field: str
    words: str


def is_wanted_in(country: str | None) -> bool:
    """Whether a letter of a business there must tell its address."""
    return country in WANTED_IN


def tidied(brand: Brand) -> Brand:
    """Spaces at the edges are nobody's wish; a colour is written in one way."""
    texts = {name: getattr(brand, name).replace("\r\n", "\n").strip() for name in BRAND_TEXTS}
    colour = parse(texts["colour"])
    lines = (line.strip() for line in texts["legal_address"].split("\n"))
    texts["legal_address"] = "\n".join(line for line in lines if line)
    return Brand(**{**texts, "colour": colour.hex if colour else texts["colour"]}, logo=brand.logo)


def brand_faults(brand: Brand) -> tuple[BrandFault, ...]:
    """All that is wrong with a tidied brand; empty if it can be kept."""
    return tuple(_faults(brand))


def _faults(brand: Brand) -> Iterator[BrandFault]:
    for name, most in BRAND_TEXTS.items():
        words = _of_text(getattr(brand, name), most, lines=name == "legal_address")
        words = words or _of_meaning(name, getattr(brand, name))
        if words:
            yield BrandFault(field=name, words=words)


def _of_text(text: str, most: int, *, lines: bool) -> str | None:
    if len(text) > most:
        return f"At most {most} characters; these are {len(text)}."
    if lines and text.count("\n") >= ADDRESS_LINES:
        return f"At most {ADDRESS_LINES} lines."
    hidden = next(invisible_in(text.replace("\n", "") if lines else text), None)
    if hidden is not None:
        return f"An invisible character ({hidden[1]}) stands at place {hidden[0] + 1}."
    return None


def _of_meaning(name: str, text: str) -> str | None:
    if not text:
        return None
    match name:
        case "colour" if parse(text) is None:
            return "Six digits from 0 to f, as in #0a6a45."
        case "reply_to" | "support_email" if not ADDRESS.fullmatch(text):
            return "One address, as in hello@example.com."
        case "support_url" if not _is_https(text):
            return "An address that begins with https://, without a name or a password in it."
        case _:
            return None


def _is_https(text: str) -> bool:
    if not text.isascii() or any(character in text for character in " <>\"'`\\^{|}"):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # "https://[": brackets without an address
        return False
    host = parts.hostname or ""
    named = parts.scheme == "https" and "." in host.strip(".") and "@" not in parts.netloc
    return named and (port is None or 0 < port < 65_536)
