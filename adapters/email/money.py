"""Amounts as the reader writes them; days in the letter's language, in the reader's order."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import parse_pattern

from domain.money import Money, exponent

ENGLISH: Final = Locale("en", "US")
ANY: Final = "any"
AMERICA: Final = "US"  # whose order a reader of plain "en" expects
# CLDR wants a space between a currency's letters and the number; babel does not put it there.
LETTER_MEETS_DIGIT: Final = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def locale_of(tag: str | None) -> Locale:
    """Stripe's tag (`de`, `pt-BR`) as a locale, US English where there is none or nobody knows
    it."""
    try:
        return Locale.parse((tag or "").replace("-", "_"))
    except (ValueError, TypeError, UnknownLocaleError):
        return ENGLISH


def amount_text(amount: Money, locale: Locale) -> str:
    """With as many decimals as Stripe counts: CLDR's own numbers differ for some currencies."""
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    digits = exponent(amount.currency)
    pattern.frac_prec = (digits, digits)
    shown: str = pattern.apply(
        amount.to_decimal(), locale, currency=amount.currency.upper(), currency_digits=False
    )
    return LETTER_MEETS_DIGIT.sub("\N{NO-BREAK SPACE}", shown)


def day_text(iso_date: str, patterns: Mapping[str, str], tag: str, locale: Locale) -> str:
    """`2026-07-04` in the words of the letter's language (`tag`), unbroken over a line but after
    the weekday: a whole date would leave a hole in the line before it."""
    return _written(date.fromisoformat(iso_date), patterns, tag, locale)


def month_text(year_and_month: str, patterns: Mapping[str, str], tag: str, locale: Locale) -> str:
    """`2026-07`, as a day."""
    return _written(date.fromisoformat(f"{year_and_month}-01"), patterns, tag, locale)


def _written(day: date, patterns: Mapping[str, str], tag: str, locale: Locale) -> str:
    """The order of a date is that of the reader's territory, if the letter is in their language."""
    written_in = Locale.parse(tag, sep="-")
    territory = ANY
    if written_in.language == locale.language:
        territory = locale.territory or AMERICA
    pattern = patterns.get(territory, patterns[ANY])
    text = format_date(day, format=pattern, locale=written_in)
    weekday, space, rest = text.partition(" ") if pattern.startswith("EEEE") else ("", "", text)
    return weekday + space + rest.replace(" ", "\N{NO-BREAK SPACE}")
