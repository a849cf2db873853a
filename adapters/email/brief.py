"""The words of text messages, out of the same files as the letters': short, and plain."""

from typing import Final

from babel import Locale
from babel.numbers import get_currency_symbol

from adapters.email.money import amount_text, locale_of
from adapters.email.text import one_line
from adapters.email.words import Language, best_for
from application.ports.letters import RenderedText, TextAbout
from domain.letters import fits_gsm, segments_of, text_kind_of
from domain.money import Money

LONGEST_MERCHANT: Final = 24  # more would push the link into a second segment
NAMELESS: Final = "-"
# Spaces and quotes that amounts and names are written with; each would double what a text costs.
PLAIN: Final = str.maketrans(
    {
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{THIN SPACE}": " ",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{HORIZONTAL ELLIPSIS}": "...",
    }
)


class BriefTexts:
    """The TextRenderer port."""

    def text(self, about: TextAbout) -> RenderedText:
        """Filled in without any logic: a merchant's name is only a name."""
        locale = locale_of(about.locale)
        words = best_for(locale)
        amount = _amount(Money(about.amount_minor, about.currency), words, locale)
        sentence = words.texts[text_kind_of(about.template, is_bill=about.is_bill)]
        told = f"{_merchant(about.merchant_name)}: {sentence.replace('{{amount}}', amount)}"
        body = f"{told} {about.link} {words.texts['stop']}"
        return RenderedText(body=body, told=told, segments=segments_of(body))

    def help(self, merchant_name: str, reply_to: str | None, locale: str | None) -> str:
        """As the letters say it."""
        texts = best_for(locale_of(locale)).texts
        where = f" {one_line(reply_to)}." if reply_to else ""
        return f"{_merchant(merchant_name)}: {texts['help']}{where} {texts['stop']}"


def _merchant(name: str) -> str:
    line = one_line(name).translate(PLAIN)
    if len(line) > LONGEST_MERCHANT:
        line = line[: LONGEST_MERCHANT - 3].rstrip() + "..."
    return line or NAMELESS


def _amount(amount: Money, words: Language, locale: Locale) -> str:
    """In the reader's own way; a currency's letters where its sign would cost a second segment."""
    reader = words.reader(locale)
    shown = amount_text(amount, reader).translate(PLAIN)
    if fits_gsm(shown):
        return shown
    code = amount.currency.upper()
    spelled = shown.replace(get_currency_symbol(code, locale=reader), code)
    return spelled if words.is_plain and fits_gsm(spelled) else shown
