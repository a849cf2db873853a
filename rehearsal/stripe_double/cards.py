"""Stripe's test cards and what an issuer says when it declines."""

from typing import Final

from msgspec import Struct

# docs.stripe.com/declines/codes and /error-codes: what each decline advises.
DO_NOT_TRY_AGAIN: Final = frozenset(
    """lost_card stolen_card pickup_card fraudulent restricted_card invalid_account
    card_not_supported transaction_not_allowed revocation_of_authorization
    revocation_of_all_authorizations""".split()
)
CONFIRM_CARD_DATA: Final = frozenset(
    "expired_card incorrect_cvc incorrect_number authentication_required".split()
)
# Declines that are an error code of their own; all others come as `card_declined`.
OWN_CODE: Final = frozenset(
    "expired_card incorrect_cvc incorrect_number processing_error authentication_required".split()
)
# Stripe's own engine makes no further charge after these until there is a new method
# (docs.stripe.com/billing/revenue-recovery/smart-retries).
STRIPE_STOPS: Final = frozenset(
    """incorrect_number lost_card pickup_card stolen_card revocation_of_authorization
    revocation_of_all_authorizations authentication_required highest_risk_level
    transaction_not_allowed""".split()
)
MESSAGES: Final = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "incorrect_number": "Your card number is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "card_not_supported": "Your card is not supported.",
}
# What the network itself answered: Visa's response code, Mastercard's with its advice code.
VISA_CODES: Final = {
    "insufficient_funds": "51", "do_not_honor": "05", "generic_decline": "05",
    "lost_card": "41", "stolen_card": "43", "pickup_card": "04", "fraudulent": "59",
    "expired_card": "54", "issuer_not_available": "91", "try_again_later": "19",
    "card_velocity_exceeded": "65", "restricted_card": "62", "invalid_account": "14",
    "transaction_not_allowed": "57", "revocation_of_authorization": "R1",
    "incorrect_cvc": "82", "processing_error": "96", "authentication_required": "1A",
}  # fmt: skip
MASTERCARD_ADVICE: Final = {
    "lost_card": "03", "stolen_card": "03", "pickup_card": "03", "fraudulent": "03",
    "invalid_account": "03", "revocation_of_authorization": "21", "expired_card": "01",
    "insufficient_funds": "02", "issuer_not_available": "02", "try_again_later": "02",
}  # fmt: skip
_RESPONSE_79: Final = frozenset({"lost_card", "stolen_card", "pickup_card", "invalid_account"})


class Outcome(Struct, frozen=True):
    """How a charge ends: with money, with a decline, or waiting for the customer's bank."""

    decline: str | None = None
    requires_action: bool = False
    settles_after_s: float | None = None  # a bank debit's: virtual seconds until it is known


SUCCEEDS: Final = Outcome()


class TestCard(Struct, frozen=True):
    """A card of Stripe's testing page; `outcome` is how every charge on it ends."""

    brand: str = "visa"
    last4: str = "4242"
    funding: str = "credit"
    country: str = "US"
    outcome: Outcome = SUCCEEDS


def _declining(last4: str, code: str) -> TestCard:
    return TestCard(last4=last4, outcome=Outcome(code))


# docs.stripe.com/testing. Some of these decline at Stripe already when they are attached; here
# they attach, so that each decline can be rehearsed off-session.
TEST_CARDS: Final[dict[str, TestCard]] = {
    "pm_card_visa": TestCard(),
    "pm_card_visa_debit": TestCard(last4="5556", funding="debit"),
    "pm_card_mastercard": TestCard(brand="mastercard", last4="4444"),
    "pm_card_mastercard_debit": TestCard(brand="mastercard", last4="8210", funding="debit"),
    "pm_card_amex": TestCard(brand="amex", last4="8431"),
    "pm_card_discover": TestCard(brand="discover", last4="9424"),
    "pm_card_jcb": TestCard(brand="jcb", last4="0505", country="JP"),
    "pm_card_chargeCustomerFail": _declining("0341", "generic_decline"),
    "pm_card_visa_chargeDeclined": _declining("0002", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": _declining("9995", "insufficient_funds"),
    "pm_card_visa_chargeDeclinedLostCard": _declining("9987", "lost_card"),
    "pm_card_visa_chargeDeclinedStolenCard": _declining("9979", "stolen_card"),
    "pm_card_chargeDeclinedExpiredCard": _declining("0069", "expired_card"),
    "pm_card_chargeDeclinedIncorrectCvc": _declining("0127", "incorrect_cvc"),
    "pm_card_chargeDeclinedProcessingError": _declining("0119", "processing_error"),
    "pm_card_visa_chargeDeclinedFraudulent": _declining("0019", "fraudulent"),
    "pm_card_authenticationRequired": TestCard(last4="3184", outcome=Outcome(requires_action=True)),
}
NUMBERS: Final = {
    "4242424242424242": "pm_card_visa",
    "5555555555554444": "pm_card_mastercard",
    "378282246310005": "pm_card_amex",
    "4000000000000341": "pm_card_chargeCustomerFail",
    "4000000000000002": "pm_card_visa_chargeDeclined",
    "4000000000009995": "pm_card_visa_chargeDeclinedInsufficientFunds",
    "4000000000009987": "pm_card_visa_chargeDeclinedLostCard",
    "4000000000009979": "pm_card_visa_chargeDeclinedStolenCard",
    "4000000000000069": "pm_card_chargeDeclinedExpiredCard",
    "4000000000000127": "pm_card_chargeDeclinedIncorrectCvc",
    "4000000000000119": "pm_card_chargeDeclinedProcessingError",
    "4000002760003184": "pm_card_authenticationRequired",
}


def advice(decline: str) -> str:
    """Stripe's advice code for a decline."""
    if decline in DO_NOT_TRY_AGAIN:
        return "do_not_try_again"
    return "confirm_card_data" if decline in CONFIRM_CARD_DATA else "try_again_later"


def message(decline: str) -> str:
    """The sentence Stripe sends with a decline."""
    return MESSAGES.get(decline, "Your card was declined.")


def error_code(decline: str) -> str:
    """The error code a decline comes under."""
    return decline if decline in OWN_CODE else "card_declined"


def network_decline_code(decline: str, brand: str) -> str | None:
    """What the network answered; Mastercard speaks of lifecycle, policy and security instead."""
    if brand == "mastercard" and decline in DO_NOT_TRY_AGAIN:
        return "79" if decline in _RESPONSE_79 else "83"
    return VISA_CODES.get(decline) if brand in {"visa", "mastercard"} else None


def network_advice_code(decline: str, brand: str) -> str | None:
    """Mastercard's merchant advice code; other networks send none."""
    return MASTERCARD_ADVICE.get(decline) if brand == "mastercard" else None
