"""Money as a person reads it, in its own currency, never rounded."""

from typing import Final

from markupsafe import Markup, escape

from domain.money import exponent
from web.visible import visible

THIN: Final = "\u202f"  # narrow, and no line breaks inside a number
# Stripe takes these with two decimals that are always 00; nobody prints them.
PRINTED_WHOLE: Final = frozenset({"isk", "ugx"})


def number(amount_minor: int, currency: str, point: str = ".") -> str:
    """1234567 usd -> 12 345.67, 500 jpy -> 500, 1234 kwd -> 1.234; a minus sign if negative.
    `point` is how the reader writes it."""
    places = exponent(currency)
    sign = "\u2212" if amount_minor < 0 else ""
    whole, rest = divmod(abs(amount_minor), 10**places)
    text = f"{whole:,}".replace(",", THIN)
    if places == 0 or (rest == 0 and currency.lower() in PRINTED_WHOLE):
        return sign + text
    return f"{sign}{text}{point}{rest:0{places}d}"


def plain(amount_minor: int, currency: str, point: str = ".") -> str:
    """For sentences: the amount and its code, on one line."""
    return f"{number(amount_minor, currency, point)}\u00a0{currency.upper()}"


def html(amount_minor: int, currency: str, point: str = ".") -> Markup:
    """For figures: the code small and muted behind the amount."""
    code = escape(visible(currency.upper()))
    return Markup(  # noqa: S704  (a number of ours, and the code is escaped)
        f'<span class="money">{number(amount_minor, currency, point)}'
        f'<span class="code">\u00a0{code}</span></span>'
    )
