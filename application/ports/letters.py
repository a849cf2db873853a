"""The words of what is written to customers."""

from typing import Protocol

from msgspec import Struct

from domain.brand import Brand
from domain.decline.telling import Tellable
from domain.letters import LetterKind, LetterText
from domain.policy import Template


class Dress(Struct, frozen=True, kw_only=True):
    """How a letter looks, and what it says where that is not for us to say."""

    brand: Brand = Brand()
    logo: str | None = None  # where its picture is: "cid:…", or the picture itself as "data:…"
    text: LetterText | None = None  # the merchant's own words; none: ours


class OtherInvoice(Struct, frozen=True, kw_only=True):
    """What the reader owes beside what a letter is about."""

    amount_minor: int
    currency: str
    number: str | None


class ReminderText(Struct, frozen=True, kw_only=True):
    """What a reminder is about: already worded for the customer, safe to show."""

    merchant_name: str
    customer_name: str | None
    amount_minor: int
    currency: str
    invoice_number: str | None
    template: Template
    reason: Tellable  # what the bank said, as far as a customer may be told
    step: int
    next_attempt_on: str | None  # ISO date at which we will try again, if we will
    last4: str | None
    link: str
    locale: str | None
    is_bill: bool = False  # sent to be paid by hand: no card to speak of
    due_on: str | None = None  # ISO date, of a bill
    stop_link: str | None = None  # where such letters are stopped
    others: tuple[OtherInvoice, ...] = ()  # open too, and settled by the same link
    dress: Dress = Dress()


class ExpiryText(Struct, frozen=True, kw_only=True):
    """What a notice of a card that will expire is about."""

    merchant_name: str
    customer_name: str | None
    last4: str | None
    expires: str  # "2027-03"
    is_over: bool  # it has expired already
    renews_on: str  # ISO date of the next payment
    link: str
    locale: str | None
    stop_link: str | None = None
    dress: Dress = Dress()


class FreshLinkText(Struct, frozen=True, kw_only=True):
    """What a letter with a fresh link is about."""

    merchant_name: str
    customer_name: str | None
    amount_minor: int
    currency: str
    invoice_number: str | None
    link: str
    locale: str | None
    stop_link: str | None = None
    dress: Dress = Dress()


class Rendered(Struct, frozen=True, kw_only=True):
    """A letter's words."""

    subject: str
    text: str
    html: str
    stop_link: str | None = None  # if it stands in the letter


class Languages(Protocol):
    """In which language a letter is written."""

    def language_of(self, locale: str | None) -> str:
        """The nearest to what a customer reads, as "en" or "pt-BR"."""
        ...


class NoticeRenderer(Languages, Protocol):
    """Words for a notice."""

    def expiry(self, about: ExpiryText) -> Rendered:
        """As a reminder's."""
        ...


class FreshLinkRenderer(Languages, Protocol):
    """Words for a letter with a fresh link."""

    def fresh_link(self, about: FreshLinkText) -> Rendered:
        """As a reminder's."""
        ...


class ReminderRenderer(Languages, Protocol):
    """Words for a reminder."""

    def reminder(self, about: ReminderText) -> Rendered:
        """Subject, plain text and HTML; every value escaped, no header can be injected."""
        ...


class TextAbout(Struct, frozen=True, kw_only=True):
    """What a text message is about."""

    merchant_name: str
    amount_minor: int
    currency: str
    template: Template
    is_bill: bool
    link: str
    locale: str | None


class RenderedText(Struct, frozen=True, kw_only=True):
    """A text message's words."""

    body: str
    told: str  # without its link
    segments: int


class TextRenderer(Protocol):
    """Words for a text message, and for the answer to one that asks for help."""

    def text(self, about: TextAbout) -> RenderedText:
        """The merchant first, then what is asked and how much, the link, and how to stop. One
        segment where the language and the link let it. No reason, no name of the reader's."""
        ...

    def help(self, merchant_name: str, reply_to: str | None, locale: str | None) -> str:
        """Who texts, about what, whom to ask, and how to stop."""
        ...


class LetterDesk(ReminderRenderer, NoticeRenderer, FreshLinkRenderer, Protocol):
    """All letters, and our own words for them."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that there are, ours first."""
        ...

    def ours(self, kind: LetterKind, language: str) -> LetterText:
        """What we wrote. `language` is one of `languages`."""
        ...
