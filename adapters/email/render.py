"""From the words of a language to a letter: plain text and HTML, both out of the same blocks."""

from collections.abc import Mapping
from typing import Any, Final

from babel import Locale
from msgspec import Struct
from msgspec.structs import replace

from adapters.email.frames import frame, inliner
from adapters.email.money import amount_text, day_text, locale_of, month_text
from adapters.email.text import greeting_name, one_line
from adapters.email.words import LANGUAGES, Language, best_for
from adapters.email.words import language as words_of
from application.ports.letters import (
    Dress,
    ExpiryText,
    FreshLinkText,
    OtherInvoice,
    ReminderText,
    Rendered,
)
from domain.brand import look_of, parse
from domain.decline.telling import Tellable
from domain.letters import Field, LetterKind, LetterText, Paragraph, compose, kind_of, plain
from domain.money import Money

# Of these nothing is said: no reason is known, or the letter asks for it anyway.
SILENT: Final = frozenset({Tellable.GENERIC, Tellable.AUTHENTICATE})
NAMELESS: Final = "\N{EM DASH}"
LOGO_WITHIN: Final = (240, 72)  # pixels of a letter


class Parts(Struct, frozen=True, kw_only=True):
    """A letter in its blocks, filled in; both the text and the HTML are made of these."""

    subject: str
    preview: str
    greeting: tuple[Paragraph, ...]
    opening: tuple[Paragraph, ...]
    amount: str | None
    body: tuple[Paragraph, ...]
    also: tuple[Paragraph, ...]  # that more is open
    others: tuple[Paragraph, ...]  # what: a line each
    button: str
    after: tuple[Paragraph, ...]
    closing: tuple[Paragraph, ...]  # what to do if it has been done meanwhile
    thanks: str
    merchant: str
    about: tuple[Paragraph, ...]
    address: str
    link: str
    stop: str
    stop_link: str | None
    foot: tuple[str, ...]  # who and where the merchant is: lines

    def text(self) -> str:
        """As a mail program without HTML shows it."""
        paragraphs = (
            plain(self.greeting),
            plain(self.opening),
            self.amount or "",
            plain(self.body),
            "\n".join(plain((line,)) for line in (*self.also, *self.others)),
            f"{self.button}\n{self.link}" if self.button else "",
            plain(self.after),
            plain(self.closing),
            f"{self.thanks}\n{self.merchant}",
            plain(self.about),
            "\n".join(self.foot),
            f"{self.stop}\n{self.stop_link}" if self.stop_link else "",
        )
        return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


class JinjaLetters:
    """The ReminderRenderer and NoticeRenderer ports."""

    def __init__(self) -> None:
        self._frame = frame("letter.html")
        self._inliner = inliner()

    @property
    def languages(self) -> tuple[str, ...]:
        return LANGUAGES

    def language_of(self, locale: str | None) -> str:
        return best_for(locale_of(locale)).tag

    def ours(self, kind: LetterKind, language: str) -> LetterText:
        return words_of(language).letters[kind]

    def reminder(self, about: ReminderText) -> Rendered:
        """Subject on one line, text, and HTML with its CSS in place."""
        locale = locale_of(about.locale)
        words = best_for(locale)
        kind = kind_of(about.template, first=about.step == 1, is_bill=about.is_bill)
        amount = amount_text(Money(about.amount_minor, about.currency), words.reader(locale))
        values = _values(about, words, locale) | {Field.AMOUNT: amount}
        parts = _parts(words, kind, values, about, amount)
        if parts.button:
            parts = _with_others(parts, about, words, words.reader(locale))
        return self._rendered(words, parts, about.dress)

    def expiry(self, about: ExpiryText) -> Rendered:
        """As a reminder."""
        locale = locale_of(about.locale)
        words = best_for(locale)
        kind = LetterKind.CARD_EXPIRED if about.is_over else LetterKind.CARD_EXPIRING
        values = _values_of_expiry(about, words, locale)
        return self._rendered(words, _parts(words, kind, values, about), about.dress)

    def fresh_link(self, about: FreshLinkText) -> Rendered:
        """As a reminder."""
        locale = locale_of(about.locale)
        words = best_for(locale)
        amount = amount_text(Money(about.amount_minor, about.currency), words.reader(locale))
        values = {
            **_people(about.merchant_name, about.customer_name),
            Field.INVOICE: one_line(about.invoice_number or ""),
            Field.AMOUNT: amount,
        }
        parts = _parts(words, LetterKind.FRESH_LINK, values, about, amount)
        return self._rendered(words, parts, about.dress)

    def _rendered(self, words: Language, parts: Parts, dress: Dress) -> Rendered:
        shown: dict[str, Any] = {name: getattr(parts, name) for name in parts.__struct_fields__}
        looks = {"lang": words.tag, **_looks(dress)}
        html = self._inliner.inline(self._frame.render(shown | looks))
        return Rendered(
            subject=parts.subject, text=parts.text(), html=html, stop_link=parts.stop_link
        )


def _parts(
    words: Language,
    kind: LetterKind,
    values: Mapping[Field, str],
    about: ReminderText | ExpiryText | FreshLinkText,
    amount: str | None = None,
) -> Parts:
    """Our words or the merchant's; the way to pay and the way out stay where they belong, whatever
    anybody wrote."""
    ours, common = words.letters[kind], words.common
    letter = about.dress.text or ours
    asks = common.if_done if kind.about_card else common.if_paid
    return Parts(
        subject=_line(letter.subject, values) or _line(ours.subject, values),
        preview=_line(letter.preview, values),
        greeting=compose(common.greeting, values),
        opening=compose(letter.opening, values),
        amount=amount,
        body=compose(letter.body, values),
        also=(),
        others=(),
        button=(_line(letter.button, values) or ours.button) if kind.asks else "",
        after=compose(letter.after, values),
        closing=compose(asks, values) if kind.asks else (),
        thanks=common.thanks,
        merchant=values[Field.MERCHANT],
        about=compose(common.about, values),
        address=common.address,
        link=about.link,
        stop=common.stop,
        stop_link=about.stop_link if kind.asks else None,
        foot=_foot(about.dress),
    )


def _foot(dress: Dress) -> tuple[str, ...]:
    brand = dress.brand
    address = brand.legal_address.splitlines()
    lines = (brand.footer, *address, brand.support_email, brand.support_url)
    return tuple(line for line in lines if line)


def _looks(dress: Dress) -> dict[str, Any]:
    """The colour of the button and of the name, fit to be read; the logo and its size."""
    colour, logo = parse(dress.brand.colour), dress.brand.logo
    shown = logo.fitted(*LOGO_WITHIN) if logo and dress.logo else None
    return {"look": look_of(colour) if colour else None, "logo": dress.logo, "logo_size": shown}


def _with_others(parts: Parts, about: ReminderText, words: Language, reader: Locale) -> Parts:
    """The letter with what else is open, if something is."""
    if not about.others:
        return parts
    lines = [compose(words.common.also_line, _values_of_other(o, reader)) for o in about.others]
    return replace(
        parts, also=compose(words.common.also, {}), others=tuple(p for line in lines for p in line)
    )


def _values_of_other(other: OtherInvoice, reader: Locale) -> dict[Field, str]:
    return {
        Field.INVOICE: one_line(other.number or ""),
        Field.AMOUNT: amount_text(Money(other.amount_minor, other.currency), reader),
    }


def _line(text: str, values: Mapping[Field, str]) -> str:
    """A heading: whatever was filled in, it is one line."""
    return " ".join(plain(compose(text, values)).split())


def _values(about: ReminderText, words: Language, locale: Locale) -> dict[Field, str]:
    days = {Field.RETRY_ON: about.next_attempt_on, Field.DUE_ON: about.due_on}
    return {
        **_people(about.merchant_name, about.customer_name),
        Field.INVOICE: one_line(about.invoice_number or ""),
        Field.LAST4: one_line(about.last4 or ""),
        Field.REASON: "" if about.reason in SILENT else words.reasons[about.reason],
        **{name: day_text(day, words.days, words.tag, locale) for name, day in days.items() if day},
    }


def _values_of_expiry(about: ExpiryText, words: Language, locale: Locale) -> dict[Field, str]:
    return {
        **_people(about.merchant_name, about.customer_name),
        Field.LAST4: one_line(about.last4 or ""),
        Field.EXPIRES: month_text(about.expires, words.months, words.tag, locale),
        Field.RENEWS_ON: day_text(about.renews_on, words.days, words.tag, locale),
    }


def _people(merchant: str, customer: str | None) -> dict[Field, str]:
    return {
        Field.MERCHANT: one_line(merchant) or NAMELESS,
        Field.CUSTOMER: greeting_name(customer) or "",
    }
