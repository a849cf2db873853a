"""What is known of a case when a charge or a message is considered. No personal data."""

from datetime import datetime

from msgspec import Struct

from domain.decline import DeclineFamily


class Situation(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The facts that the model of timing may look at; stored with each lesson.

    `country` and `timezone` are the customer's as far as anyone knows; `merchant` is an opaque key
    under which a merchant's own experience is kept beside everybody's.
    """

    family: DeclineFamily
    failed_at: datetime  # the first refused charge of this invoice
    last_try_at: datetime  # the latest refused charge of this invoice
    tries: int = 0  # retries of the card on file so far, by whomever
    month_tries: int = 0  # refused charges of this card in the last 30 days, all invoices
    new_card: bool = False  # the card changed and has not been tried
    asked: bool = False  # only the customer can help
    messages: int = 0  # messages sent in this case
    last_message_at: datetime | None = None
    code: str | None = None  # decline code (or error code) of the latest refusal
    brand: str | None = None
    funding: str | None = None
    card_country: str | None = None
    country: str | None = None
    timezone: str = "UTC"
    amount_cents: int = 0  # rough US cents
    monthly_cents: int = 0  # what the subscription brings a month, rough US cents
    interval: str | None = None
    tenure_days: int | None = None
    merchant: str = ""
