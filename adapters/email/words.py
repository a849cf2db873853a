"""The letters' own words: a file a language, each read once and held to the rules for all texts."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from babel import Locale
from msgspec import Struct

from domain.letters import LetterKind, LetterText, fits_gsm

TEXTS: Final = Path(__file__).parent / "texts"
LANGUAGES: Final = ("en", "de", "fr", "es", "it", "pt-BR", "nl", "pl", "ja")
ENGLISH: Final = "en"


class Common(Struct, frozen=True, forbid_unknown_fields=True):
    """What every letter says around its own words."""

    greeting: str
    thanks: str
    if_paid: str
    if_done: str
    about: str
    also: str
    also_line: str
    address: str
    stop: str


class Language(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All the words of one language. `days` and `months` are patterns of CLDR by territory, `any`
    for all others."""

    tag: str
    common: Common
    days: Mapping[str, str]
    months: Mapping[str, str]
    reasons: Mapping[str, str]
    letters: Mapping[LetterKind, LetterText]
    texts: Mapping[str, str]  # text messages by TextKind, and what stands around them

    @property
    def is_plain(self) -> bool:
        """Whether its text messages fit into the small alphabet of texts."""
        return all(map(fits_gsm, self.texts.values()))

    def reader(self, locale: Locale) -> Locale:
        """Whose habits count in these letters: the reader's own country's, if they read their own
        language; digits and signs of another would not fit into the sentence."""
        mine = Locale.parse(self.tag, sep="-")
        return locale if locale.language == mine.language else mine


@cache
def language(tag: str) -> Language:
    """One of LANGUAGES. Raises ValueError where its file says too much, too little or not this."""
    told: dict[str, Any] = tomllib.loads((TEXTS / f"{tag}.toml").read_text(encoding="utf-8"))
    letters = {LetterKind(kind): _letter(told.pop(kind)) for kind in LetterKind}
    return msgspec.convert({**told, "tag": tag, "letters": letters}, Language)


def _letter(blocks: Mapping[str, str]) -> LetterText:
    return LetterText(**{block: text.strip() for block, text in blocks.items()})


def best_for(locale: Locale) -> Language:
    """The nearest of LANGUAGES: Portuguese of any country, else English."""
    found = next((tag for tag in LANGUAGES if tag.split("-")[0] == locale.language), ENGLISH)
    return language(found)
