"""Why, in sentences: each rule, reason and end that the domain names by a word has its own here."""

from collections.abc import Mapping
from typing import Final

from domain.decline import DeclineFamily
from domain.policy import Template
from domain.recovery import events as e

WHY_THEN: Final = {
    f"plan:{DeclineFamily.FUNDS}": "Lack of money heals with time, so we wait for a likely day.",
    f"plan:{DeclineFamily.TEMPORARY}": "The bank stumbled, so we ask again soon.",
    f"plan:{DeclineFamily.UNKNOWN}": "The bank gave no reason, so we try rarely and with care.",
    f"plan:{DeclineFamily.NEEDS_NEW_CARD}": "The card may work again by then, so we try once more.",
    f"plan:{DeclineFamily.NEEDS_NEW_DETAILS}": (
        "The network may have renewed the card\u2019s details by then."
    ),
    f"plan:{DeclineFamily.NEEDS_AUTHENTICATION}": (
        "Some banks let a later charge through without asking their customer."
    ),
    f"plan:{DeclineFamily.NEVER}": "The policy plans a charge all the same.",
    f"plan:{DeclineFamily.CHECK}": "What stood in the way may be gone by then.",
    f"plan:{DeclineFamily.OUTSTANDING}": "A bill is never charged.",
    "picked_date": "The customer chose this time.",
    "promised": "The customer promised to pay, so we leave them alone until then.",
    "beside_another": "Another charge of this invoice is on its way; we never charge beside one.",
    "month_limit": "This card has no declines left this month, so we wait until it has.",
    "day_limit": "This card was declined within the last day, so we give it rest.",
    "advised_wait": "The card\u2019s network asked us to wait, so we do.",
    "backup": "The customer agreed to this card; it is charged once, at the usual hour.",
    "new_card": "There is a new card, so there is no reason to wait.",
}

WHY_ASKED: Final = {
    DeclineFamily.NEEDS_NEW_CARD: "This card will not work any more.",
    DeclineFamily.NEEDS_NEW_DETAILS: "The card\u2019s details are not right any more.",
    DeclineFamily.NEVER: "The network forbids charging this card again for this payment.",
    DeclineFamily.NEEDS_AUTHENTICATION: "The bank wants its customer to confirm the payment.",
    DeclineFamily.CHECK: "The invoice or the account is in the way; a person must look.",
    DeclineFamily.OUTSTANDING: "This bill was sent: the customer pays it by hand.",
    "scheme_limit": "The bank\u2019s scheme allows no further debit of this invoice.",
    "debit_final": "The bank would return a further debit of this account too.",
    "authentication": "The bank wants its customer to confirm the payment.",
    "backup_refused": "The other card, which the customer had agreed to, was refused as well.",
    "backup_gone": "The customer took back their word on the other card, or the card itself.",
    "no_card": "There is no card that could be charged.",
    "card_barred": "This card has said never; charging it again would cost a fine.",
    "mandate_ended": "The permission to debit this bank account was taken back.",
    "month_limit": "The card\u2019s limit for this month is reached.",
    "window": "The next attempt would fall after the end of the case.",
    "spent": "Our attempts are spent.",
    "not_worth_it": "By experience no further charge would bring more than it costs.",
}

TEMPLATES: Final[Mapping[str, str]] = {
    Template.PAYMENT_FAILED: "\u201cPayment did not go through\u201d",
    Template.UPDATE_CARD: "\u201cAnother card\u201d",
    Template.AUTHENTICATE: "\u201cPlease confirm\u201d",
    Template.FINAL_NOTICE: "\u201cStill open\u201d, the last one",
    Template.INVOICE_DUE: "\u201cYour invoice is due\u201d",
    Template.INVOICE_OVERDUE: "\u201cYour invoice was due\u201d",
    Template.RECOVERED: "\u201cPaid, thank you\u201d",
}
WHY_SKIPPED: Final = {
    "no_address": "There is no mail address.",
    "unsubscribed": "The customer asked us not to write.",
    "bounced": "Their mail server says that the address does not exist.",
    "complained": "The customer called an earlier message spam.",
    "no_sender": "This installation sends no text messages.",
    "no_consent": "The customer has not agreed to text messages about it.",
    "no_number": "You say that they agreed to texts, but no mobile number of theirs can be read.",
    "text_limit": "Your policy allows no more text messages in one case.",
    "spoken_for": "An older invoice of the same customer is being talked about already.",
    "not_asked": "The customer need not do anything any more.",
    "not_in_plan": "The plan that holds now has no such message.",
    "past_due": "The due date was over before it could go.",
    "too_small": "The amount is less than this message asks for.",
    "not_worthwhile": "By experience it would cost more than it brings.",
    "window": "It could only go after the end of the case.",
    "not_paid": "The invoice is not paid any more.",
    "money_returned": "Money of it has gone back in the meantime.",
    "not_written_to": "The customer was not written to after all.",
    "too_late": "It is more than two days since the payment.",
}

STOPS: Final = {
    e.StopReason.VOIDED: "The invoice was voided in Stripe.",
    e.StopReason.CANCELLED: "The subscription was cancelled.",
    e.StopReason.DISPUTED: "The customer disputes the payment with the bank.",
    e.StopReason.GONE: "Stripe does not know this invoice any more.",
    e.StopReason.DISCONNECTED: "The Stripe account was disconnected from us.",
    e.StopReason.CUSTOMER_DELETED: "The customer was deleted in Stripe.",
    e.StopReason.FRAUD_WARNING: "The card\u2019s issuer fears that a payment of theirs is fraud.",
    e.StopReason.ELSEWHERE: "The invoice is to be paid outside Stripe.",
    e.StopReason.MERCHANT: "Your team wanted it so. The invoice stays as it is in Stripe.",
}

LOSSES: Final = {
    e.LossReason.WINDOW_OVER: "The time of the chase is over and the money has not come.",
    e.LossReason.WRITTEN_OFF: "The invoice was marked uncollectible in Stripe.",
}

RETURNS: Final = {
    e.Return.REFUND: "It was refunded in Stripe.",
    e.Return.DISPUTE: "The customer disputes the payment with the bank.",
}

REINSTATED: Final = {
    e.Return.REFUND: "A refund did not arrive, so Stripe gave the money back.",
    e.Return.DISPUTE: "The dispute was won.",
}
