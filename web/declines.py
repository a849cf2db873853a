"""Why a bank said no, in words for the merchant; never shown to the customer."""

from collections.abc import Mapping
from typing import Final

from domain.decline import Decline, DeclineFamily

# The codes that merchants meet most. Source: docs.stripe.com/declines/codes. A code that is not
# here is told by its family, with the code itself behind it.
REASONS: Final[Mapping[str, str]] = {
    "insufficient_funds": "There was not enough money on the account",
    "card_velocity_exceeded": "The card has reached a limit of its bank",
    "withdrawal_count_limit_exceeded": "The card has reached a limit of its bank",
    "invalid_amount": "The amount is more than the card may pay at once",
    "issuer_not_available": "The card\u2019s bank could not be reached",
    "processing_error": "Something went wrong between the banks",
    "reenter_transaction": "The bank asked to send the charge again",
    "try_again_later": "The bank asked to try again later",
    "generic_decline": "The bank gave no reason",
    "do_not_honor": "The bank gave no reason",
    "call_issuer": "The bank wants its customer to call",
    "no_action_taken": "The bank gave no reason",
    "expired_card": "The card has expired",
    "incorrect_number": "The card\u2019s number is wrong",
    "invalid_account": "The card or its account is closed",
    "lost_card": "The card was reported lost",
    "stolen_card": "The card was reported stolen",
    "pickup_card": "The bank has withdrawn the card",
    "restricted_card": "The bank has restricted the card",
    "card_not_supported": "The card cannot be used for this kind of payment",
    "currency_not_supported": "The card does not take this currency",
    "transaction_not_allowed": "The card may not be used for this payment",
    "incorrect_cvc": "The card\u2019s security code is wrong",
    "incorrect_zip": "The postal code does not fit the card",
    "authentication_required": "The bank wants its customer to confirm the payment",
    "fraudulent": "Stripe or the bank suspects fraud",
    "revocation_of_authorization": "The customer told the bank to refuse this payment",
    "revocation_of_all_authorizations": "The customer told the bank to refuse your payments",
    "stop_payment_order": "The customer told the bank to stop this payment",
    "duplicate_transaction": "The bank saw the same amount charged shortly before",
}

FAMILIES: Final = {
    DeclineFamily.FUNDS: "Not enough money, or a limit was reached",
    DeclineFamily.TEMPORARY: "The bank or the network stumbled",
    DeclineFamily.UNKNOWN: "The bank gave no reason",
    DeclineFamily.NEEDS_NEW_CARD: "This card will not work any more",
    DeclineFamily.NEEDS_NEW_DETAILS: "The card\u2019s expiry, CVC or address is not right any more",
    DeclineFamily.NEEDS_AUTHENTICATION: "The bank wants its customer to confirm the payment",
    DeclineFamily.NEVER: "This card must not be charged again for this payment",
    DeclineFamily.CHECK: "Something about the invoice or the account is in the way",
    DeclineFamily.OUTSTANDING: "A bill that the customer pays by hand; nothing was refused",
}


def reason_of(decline: Decline, family: DeclineFamily) -> str:
    """A sentence with Stripe's own code behind it, so that it can be looked up."""
    code = decline.decline_code or decline.code or decline.network_decline_code
    words = REASONS.get(decline.decline_code or "") or FAMILIES[family]
    return f"{words} ({code})." if code else f"{words}."
