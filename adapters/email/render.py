"""The words of letters: one folder a letter, plain text and HTML each written for itself.

The words are English for now, days too; amounts and the order of a date follow the customer's
locale.
"""

from pathlib import Path
from typing import Any, Final

from css_inline import CSSInliner
from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    select_autoescape,
)
from msgspec import Struct

from adapters.email.money import amount_text, day_text, locale_of, month_text
from adapters.email.text import greeting_name, one_line
from application.ports.letters import ExpiryText, ReminderText, Rendered
from domain.decline.telling import Tellable
from domain.money import Money

# Kind words for what the bank said; a sentence of its own, or nothing.
REASONS: Final = {
    Tellable.GENERIC: None,
    Tellable.FUNDS: "The bank says that the account did not hold enough just then, or had reached "
    "a limit.",
    Tellable.EXPIRED: "The card has expired.",
    Tellable.DETAILS: "The bank says that the card\u2019s details are not quite right any more.",
    Tellable.AUTHENTICATE: None,  # the letter asks for it anyway
    Tellable.CARD_UNUSABLE: "The bank says that this card cannot make this kind of payment.",
}

TEMPLATES = Path(__file__).parent / "templates"


class _Letter(Struct, frozen=True):
    """The three templates of a letter."""

    subject: Template
    text: Template
    html: Template

    @classmethod
    def of(cls, environment: Environment, folder: str) -> "_Letter":
        files = ("subject.txt", "body.txt", "body.html")
        return cls(*(environment.get_template(f"{folder}/{file}") for file in files))


class JinjaLetters:
    """The ReminderRenderer and NoticeRenderer ports."""

    def __init__(self) -> None:
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(enabled_extensions=("html",), default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._reminder = _Letter.of(environment, "reminder")
        self._expiring = _Letter.of(environment, "expiring")
        # Mail programs drop <style>; what cannot be inlined (dark mode, phones) stays in it.
        self._inliner = CSSInliner(
            keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False
        )

    def reminder(self, about: ReminderText) -> Rendered:
        """Subject on one line, text, and HTML with its CSS in place."""
        return self._rendered(self._reminder, _words(about))

    def expiry(self, about: ExpiryText) -> Rendered:
        """As a reminder."""
        return self._rendered(self._expiring, _words_of_expiry(about))

    def _rendered(self, letter: "_Letter", words: dict[str, Any]) -> Rendered:
        return Rendered(
            subject=_sentence(letter.subject.render(words)),
            text=letter.text.render(words).strip() + "\n",
            html=self._inliner.inline(letter.html.render(words)),
        )


def _sentence(rendered: str) -> str:
    """One line with a capital at its head."""
    line = " ".join(rendered.split())
    return line[:1].upper() + line[1:]


def _words(about: ReminderText) -> dict[str, Any]:
    """What the templates may name."""
    locale = locale_of(about.locale)
    retry_on = about.next_attempt_on
    return {
        "merchant": one_line(about.merchant_name),
        "customer": greeting_name(about.customer_name),
        "amount": amount_text(Money(about.amount_minor, about.currency), locale),
        "invoice": one_line(about.invoice_number or "") or None,
        "about": about.template.value,
        "reason": REASONS[about.reason],
        "step": about.step,
        "retry_on": day_text(retry_on, locale) if retry_on else None,
        "last4": one_line(about.last4 or "") or None,
        "link": about.link,
        "is_bill": about.is_bill,
        "due_on": day_text(about.due_on, locale) if about.due_on else None,
    }


def _words_of_expiry(about: ExpiryText) -> dict[str, Any]:
    locale = locale_of(about.locale)
    return {
        "merchant": one_line(about.merchant_name),
        "customer": greeting_name(about.customer_name),
        "last4": one_line(about.last4 or "") or None,
        "expires": month_text(about.expires),
        "is_over": about.is_over,
        "renews_on": day_text(about.renews_on, locale),
        "link": about.link,
    }
