"""Handing a letter to a mail server."""

from typing import Protocol

from msgspec import Struct

from domain.decline.telling import Tellable
from domain.policy import Template


class Letter(Struct, frozen=True, kw_only=True):
    """One message to one person, rendered."""

    message_id: str  # without angle brackets; also the proof that it was sent once
    thread_id: str  # the same for all letters of a case: readers keep them together
    to: str
    to_name: str | None
    sender_name: str
    reply_to: str | None
    subject: str
    text: str
    html: str


class MailRefused(Exception):
    """The mail server said no for good: no such address, or not this sender."""


class MailDeferred(Exception):
    """Certainly not sent: no connection, or "later". A timeout after the text was handed over is
    neither of the two: the letter counts as sent."""


class Mailer(Protocol):
    """One verb."""

    async def send(self, letter: Letter) -> None:
        """Returns when the server took it. Raises MailRefused or MailDeferred."""
        ...


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


class Rendered(Struct, frozen=True, kw_only=True):
    """A letter's words."""

    subject: str
    text: str
    html: str


class NoticeRenderer(Protocol):
    """Words for a notice."""

    def expiry(self, about: ExpiryText) -> Rendered:
        """As a reminder's."""
        ...


class ReminderRenderer(Protocol):
    """Words for a reminder."""

    def reminder(self, about: ReminderText) -> Rendered:
        """Subject, plain text and HTML; every value escaped, no header can be injected."""
        ...
