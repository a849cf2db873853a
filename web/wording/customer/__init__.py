"""What the customer's pages say, in the language of their browser: a file a language.

The browser and not the customer's record decides: a link that leads nowhere must say no more to one
than to another.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale
from babel.dates import format_date
from babel.numbers import get_decimal_symbol
from litestar import Request
from msgspec import Struct

from domain.invoice import Card
from domain.network import DEBIT_SCHEMES
from web.wording.telling import BRANDS

TEXTS: Final = Path(__file__).parent
LANGUAGES: Final = ("en", "de", "fr", "es", "it", "pt-BR", "nl", "pl", "ja")
ENGLISH: Final = "en"
MOST_TAGS: Final = 20  # of a browser's list
BY_FIRST_PART: Final = {tag.split("-")[0]: tag for tag in LANGUAGES}


class Speech(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of one language, by page; what stands in braces is filled in."""

    tag: str
    days: Mapping[str, str]
    cards: Mapping[str, str]
    pay: Mapping[str, str]
    day: Mapping[str, str]
    owed: Mapping[str, str]
    problem: Mapping[str, str]
    backup: Mapping[str, str]
    texts: Mapping[str, str]
    over: Mapping[str, str]
    expiring: Mapping[str, str]
    letters: Mapping[str, str]
    app: Mapping[str, str]

    @property
    def point(self) -> str:
        """What stands before the cents."""
        return str(get_decimal_symbol(Locale.parse(self.tag, sep="-")))

    def weekday(self, day: date) -> str:
        """Friday 4 July, as it is written there."""
        return self._written(day, "day")

    def local(self, at: datetime, zone: str) -> str:
        """The day of an instant, in a zone."""
        return self.weekday(at.astimezone(ZoneInfo(zone)).date())

    def month(self, year_and_month: str) -> str:
        """`2026-07` as July 2026."""
        return self._written(date.fromisoformat(f"{year_and_month}-01"), "month")

    def card(self, card: Card) -> str:
        """Visa ending in 4242."""
        nameless = self.cards["account" if card.kind in DEBIT_SCHEMES else "card"]
        brand = BRANDS.get(card.brand or "", nameless if card.brand is None else card.brand.title())
        if not card.last4:
            return brand
        return self.cards["ending"].format(brand=brand, last4=card.last4)

    def _written(self, day: date, pattern: str) -> str:
        locale = Locale.parse(self.tag, sep="-")
        return str(format_date(day, format=self.days[pattern], locale=locale))


@cache
def speech_in(tag: str) -> Speech:
    """One of LANGUAGES."""
    told = tomllib.loads((TEXTS / f"{tag}.toml").read_text(encoding="utf-8"))
    return msgspec.convert({**told, "tag": tag}, Speech)


def speech_of(request: Request[Any, Any, Any]) -> Speech:
    """What the browser likes best of the languages that there are, else English."""
    return speech_in(language_of(request))


def language_of(request: Request[Any, Any, Any], wanted: str = "") -> str:
    """One of LANGUAGES: as the page around us is written (`wanted`), else as the browser likes."""
    return BY_FIRST_PART.get(wanted.split("-", maxsplit=1)[0].lower()) or _liked(
        request.headers.get("accept-language", "")
    )


def _liked(header: str) -> str:
    """Source of the format: RFC 9110, 12.5.4. What cannot be read is not asked for."""
    wishes = [_wish(part) for part in header.split(",")[:MOST_TAGS]]
    for _, tag in sorted(wishes, key=lambda wish: -wish[0]):
        found = BY_FIRST_PART.get(tag.split("-")[0].lower())
        if found is not None:
            return found
    return ENGLISH


def _wish(part: str) -> tuple[float, str]:
    tag, _, weight = part.partition(";")
    try:
        return (float(weight.strip().removeprefix("q=")) if weight else 1.0), tag.strip()
    except ValueError:
        return 0.0, ""
