"""The shapes of a letter's words: its blocks, and the names that may stand in them."""

from enum import StrEnum
from typing import Final

from msgspec import Struct


class Field(StrEnum):
    """What can be filled in, as `{{name}}`. There is no other."""

    MERCHANT = "merchant"
    CUSTOMER = "customer"
    AMOUNT = "amount"
    INVOICE = "invoice"  # its number
    LAST4 = "last4"  # of the card on file
    REASON = "reason"  # a sentence on what the bank said, as far as a customer may be told
    RETRY_ON = "retry_on"  # the day of the next charge
    DUE_ON = "due_on"  # of a bill
    EXPIRES = "expires"  # the month to the end of which the card is valid
    RENEWS_ON = "renews_on"  # the day of the next payment


FIELDS: Final = {field.value: field for field in Field}


class LetterText(Struct, frozen=True, kw_only=True):
    """One letter in one language. A line that names a field which has no value is left out; a line
    that begins with `|` stands in for the one before it, where that is left out. Lines are one
    paragraph until an empty line."""

    subject: str
    preview: str  # what a mailbox shows beside the subject
    opening: str  # before the amount
    body: str = ""  # after it
    button: str = ""  # none: the letter asks for nothing
    after: str = ""  # below the button


# How long each may be, in characters; those in ONE_LINE are a heading each.
BLOCKS: Final = {
    "subject": 150,
    "preview": 200,
    "opening": 1_000,
    "body": 3_000,
    "button": 40,
    "after": 1_000,
}
ONE_LINE: Final = frozenset({"subject", "preview", "button"})
