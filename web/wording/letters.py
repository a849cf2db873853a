"""What the pages about letters call things: the letters, their blocks, what can be filled in."""

from typing import Final

from domain.letters import Field, LetterKind

# The name, and when it goes.
LETTERS: Final[dict[LetterKind, tuple[str, str]]] = {
    LetterKind.PAYMENT_FAILED: ("A payment did not go through", "The first message of a case."),
    LetterKind.PAYMENT_FAILED_AGAIN: ("It is still open", "Every message after that first one."),
    LetterKind.UPDATE_CARD: ("Another card is needed", "Where the bank will not take this card."),
    LetterKind.UPDATE_CARD_AGAIN: ("Another card is still needed", "Every message after that."),
    LetterKind.AUTHENTICATE: ("The bank wants a word", "Where the customer has to confirm."),
    LetterKind.AUTHENTICATE_AGAIN: ("The bank still wants a word", "Every message after that."),
    LetterKind.FINAL_NOTICE: ("The last message", "The last that goes about a payment."),
    LetterKind.INVOICE_DUE: ("A bill is due", "Before a bill is due that is paid by hand."),
    LetterKind.INVOICE_OVERDUE: ("A bill is overdue", "Once that day is over."),
    LetterKind.FINAL_BILL: ("The last message about a bill", "The last that goes about it."),
    LetterKind.RECOVERED: ("Thanks", "Once it is paid, to whoever was written to."),
    LetterKind.FRESH_LINK: ("A fresh link", "To whoever asks because theirs has expired."),
    LetterKind.CARD_EXPIRING: (
        "A card will expire",
        "Before a payment that would find it expired.",
    ),
    LetterKind.CARD_EXPIRED: ("A card has expired", "Where it has expired already."),
}
GROUPS: Final[tuple[tuple[str, tuple[LetterKind, ...]], ...]] = (
    (
        "Payments",
        (
            LetterKind.PAYMENT_FAILED,
            LetterKind.PAYMENT_FAILED_AGAIN,
            LetterKind.UPDATE_CARD,
            LetterKind.UPDATE_CARD_AGAIN,
            LetterKind.AUTHENTICATE,
            LetterKind.AUTHENTICATE_AGAIN,
            LetterKind.FINAL_NOTICE,
            LetterKind.RECOVERED,
        ),
    ),
    ("Bills", (LetterKind.INVOICE_DUE, LetterKind.INVOICE_OVERDUE, LetterKind.FINAL_BILL)),
    ("Around them", (LetterKind.CARD_EXPIRING, LetterKind.CARD_EXPIRED, LetterKind.FRESH_LINK)),
)
LANGUAGES: Final = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt-BR": "Portuguese",
    "nl": "Dutch",
    "pl": "Polish",
    "ja": "Japanese",
}
# The name, and what becomes of it.
BLOCKS: Final = {
    "subject": ("Subject", "One line."),
    "preview": ("Preview", "What a mailbox shows beside the subject. One line."),
    "opening": ("Opening", "Above the amount."),
    "body": ("Body", "Below the amount."),
    "button": ("Button", "One line. It leads to the customer\u2019s own page."),
    "after": ("After", "Below the button."),
}
FIELDS: Final[dict[Field, str]] = {
    Field.MERCHANT: "your name, as customers know it",
    Field.CUSTOMER: "the customer\u2019s name",
    Field.AMOUNT: "what is owed, with its currency",
    Field.INVOICE: "the invoice\u2019s number",
    Field.LAST4: "the card\u2019s last four digits",
    Field.REASON: "a sentence on what the bank said, where a customer may be told",
    Field.RETRY_ON: "the day of the next charge",
    Field.DUE_ON: "the day a bill is due",
    Field.EXPIRES: "the month the card is good for",
    Field.RENEWS_ON: "the day of the next payment",
}
LOGO_REFUSED: Final = {
    "too_large": "This picture is too large: at most 200 kB, and 60 kB once we have drawn it anew.",
    "too_many_pixels": "This picture has too many pixels: at most four million.",
    "not_a_picture": "This is no picture that we take: PNG, JPEG or WebP.",
    "no_file": "Choose a file first.",
}
BRAND_FIELDS: Final = {
    "colour": "Colour",
    "display_name": "Name",
    "sender_name": "Sender",
    "reply_to": "Answers go to",
    "footer": "A line at the foot",
    "legal_address": "Legal address",
    "support_email": "Help by mail",
    "support_url": "Help on the web",
}
