"""Which letter is written for a message of a campaign."""

from enum import StrEnum

from domain.policy.shapes import Template


class LetterKind(StrEnum):
    """The letters that there are; each has its words in every language."""

    PAYMENT_FAILED = "payment_failed"
    PAYMENT_FAILED_AGAIN = "payment_failed_again"
    UPDATE_CARD = "update_card"
    UPDATE_CARD_AGAIN = "update_card_again"
    AUTHENTICATE = "authenticate"
    AUTHENTICATE_AGAIN = "authenticate_again"
    FINAL_NOTICE = "final_notice"
    INVOICE_DUE = "invoice_due"
    INVOICE_OVERDUE = "invoice_overdue"
    FINAL_BILL = "final_bill"  # the last word on a bill: there is no card to speak of
    RECOVERED = "recovered"
    FRESH_LINK = "fresh_link"
    CARD_EXPIRING = "card_expiring"
    CARD_EXPIRED = "card_expired"


class TextKind(StrEnum):
    """The text messages that there are: one for each thing that can be asked."""

    PAY = "pay"
    CARD = "card"
    CONFIRM = "confirm"
    BILL = "bill"


def text_kind_of(template: Template, *, is_bill: bool) -> TextKind:
    """A text has no room for what a letter says besides."""
    match template:
        case Template.UPDATE_CARD:
            return TextKind.CARD
        case Template.AUTHENTICATE:
            return TextKind.CONFIRM
        case _:
            return TextKind.BILL if is_bill else TextKind.PAY


def kind_of(template: Template, *, first: bool, is_bill: bool) -> LetterKind:
    """Nobody is told for the second time that something has just happened; a bill has no card."""
    match template:
        case Template.FINAL_NOTICE if is_bill:
            return LetterKind.FINAL_BILL
        case Template.PAYMENT_FAILED | Template.UPDATE_CARD | Template.AUTHENTICATE if not first:
            return LetterKind(f"{template}_again")
        case _:
            return LetterKind(template.value)
