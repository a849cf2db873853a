"""Why a charge was declined, as far as it decides what to do next."""

from enum import StrEnum


class DeclineFamily(StrEnum):
    """Answers to one question: what could make the next charge succeed?"""

    FUNDS = "funds"  # money or a limit: time heals, best on a pay day
    TEMPORARY = "temporary"  # the issuer or the network stumbled: soon again
    UNKNOWN = "unknown"  # the issuer does not say: few, careful tries
    NEEDS_NEW_CARD = "needs_new_card"  # this number will not do: ask for another card
    NEEDS_NEW_DETAILS = "needs_new_details"  # expiry, CVC or address: ask to enter the card anew
    NEEDS_AUTHENTICATION = "needs_authentication"  # the bank wants to see the customer
    NEVER = "never"  # the network forbids this card for this payment
    CHECK = "check"  # the merchant's set-up or the invoice is in the way: a person must look
    OUTSTANDING = "outstanding"  # a bill that the customer pays by hand: nothing was refused
