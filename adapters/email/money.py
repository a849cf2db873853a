"""Amounts as the reader writes them; days in the letter's language, in the reader's order."""

import re
from datetime import date
from typing import Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import parse_pattern

from domain.money import Money, exponent

ENGLISH: Final = Locale("en", "US")
MONTH_FIRST: Final = "EEEE, MMMM d, y"
DAY_FIRST: Final = "EEEE d MMMM y"
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


def day_text(iso_date: str, locale: Locale) -> str:
    """`2026-07-04` with its weekday, in English as the letter is, and unbroken over a line."""
    pattern = MONTH_FIRST if locale in (Locale("en"), ENGLISH) else DAY_FIRST
    day = format_date(date.fromisoformat(iso_date), format=pattern, locale=ENGLISH)
    return day.replace(" ", "\N{NO-BREAK SPACE}")


def month_text(year_and_month: str) -> str:
    """`2026-07` as "July 2026", in English as the letter is, and unbroken over a line."""
    month = format_date(date.fromisoformat(f"{year_and_month}-01"), "MMMM y", locale=ENGLISH)
    return month.replace(" ", "\N{NO-BREAK SPACE}")
