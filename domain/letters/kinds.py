"""Which letter is written for a message of a campaign, and what can be known in each."""

from enum import StrEnum

from domain.letters.shapes import Field
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

    @property
    def asks(self) -> bool:
        """Whether it has a button; one that asks for nothing leads nowhere."""
        return self is not LetterKind.RECOVERED

    @property
    def can_be_compared(self) -> bool:
        """Whether what became of its readers can be told: messages of cases that ask for money."""
        return self.asks and message_of(self) is not None

    @property
    def about_card(self) -> bool:
        """Whether it is about a card that is to expire: nothing is owed yet."""
        return self in (LetterKind.CARD_EXPIRING, LetterKind.CARD_EXPIRED)

    @property
    def about_bill(self) -> bool:
        """Whether it is about a bill, of which no card is charged."""
        return self in (LetterKind.INVOICE_DUE, LetterKind.INVOICE_OVERDUE, LetterKind.FINAL_BILL)

    @property
    def always(self) -> frozenset[Field]:
        """The fields that have a value in each such letter."""
        own = {Field.EXPIRES, Field.RENEWS_ON} if self.about_card else {Field.AMOUNT}
        return frozenset({Field.MERCHANT, *own})

    @property
    def sometimes(self) -> frozenset[Field]:
        """Those that may have one."""
        if self.about_card:
            return frozenset({Field.CUSTOMER, Field.LAST4})
        invoice = {Field.CUSTOMER, Field.INVOICE}
        if self.about_bill:
            return frozenset({*invoice, Field.DUE_ON})
        if self is LetterKind.FRESH_LINK:
            return frozenset(invoice)
        if self is LetterKind.RECOVERED:
            return frozenset({*invoice, Field.LAST4})
        return frozenset({*invoice, Field.LAST4, Field.REASON, Field.RETRY_ON})


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


def message_of(kind: LetterKind) -> tuple[Template, int, bool] | None:
    """The other way round: template, step, and whether it is about a bill; None for what no
    campaign sends."""
    if kind.about_card or kind is LetterKind.FRESH_LINK:
        return None
    if kind is LetterKind.FINAL_BILL:
        return Template.FINAL_NOTICE, 1, True
    again = kind.value.endswith("_again")
    return Template(kind.value.removesuffix("_again")), 2 if again else 1, kind.about_bill
