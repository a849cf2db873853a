"""What a customer may be told about a refused charge: nothing that a thief could use.

Stripe asks not to disclose fraud, loss, theft and block lists, and to show a generic text instead.
Source: docs.stripe.com/declines/codes.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from domain.decline import Decline, family_of
from domain.decline.family import DeclineFamily


class Tellable(StrEnum):
    """What a message may say; the words belong to whoever writes it."""

    GENERIC = "generic"  # the payment did not go through, and no reason
    FUNDS = "funds"  # not enough money, or a limit was reached
    EXPIRED = "expired"  # the card has expired
    DETAILS = "details"  # number, date, CVC or address do not match
    AUTHENTICATE = "authenticate"  # the bank wants the customer to confirm
    CARD_UNUSABLE = "card_unusable"  # this card cannot make this kind of payment


def _table(**codes: str) -> dict[str, Tellable]:
    """What may be told by code, from one line of codes each."""
    return {code: Tellable[told] for told, line in codes.items() for code in line.split()}


# Only what stands here is told; a code that is new, vague or delicate is not.
OF_DECLINE_CODE: Final[Mapping[str, Tellable]] = _table(
    FUNDS="""
        insufficient_funds card_velocity_exceeded withdrawal_count_limit_exceeded
        payment_limit_exceeded
    """,
    EXPIRED="expired_card expired_payment_information",
    DETAILS="""
        incorrect_number invalid_number incorrect_cvc invalid_cvc incorrect_zip incorrect_address
        invalid_expiry_month invalid_expiry_year invalid_payment_information
    """,
    AUTHENTICATE="authentication_required authentication_not_handled",
    CARD_UNUSABLE="""
        card_not_supported currency_not_supported not_permitted service_not_allowed
        transaction_not_allowed
    """,
)
OF_ERROR_CODE: Final[Mapping[str, Tellable]] = _table(
    FUNDS="insufficient_funds",
    EXPIRED="expired_card expired_payment_method",
    DETAILS="""
        incorrect_number invalid_number incorrect_cvc invalid_cvc incorrect_zip
        incorrect_postal_code incorrect_address invalid_expiry_month invalid_expiry_year
    """,
    AUTHENTICATE="""
        authentication_required invoice_payment_intent_requires_action
        payment_intent_action_required payment_intent_authentication_failure
        authentication_failure
    """,
    CARD_UNUSABLE="invalid_card_type payment_method_currency_mismatch",
)


def tellable(decline: Decline) -> Tellable:
    """What the customer may be told; generic wherever "never" was said, by whomever.

    A decline code that is not known is not told, even where the error code beside it could be.
    """
    if family_of(decline) is DeclineFamily.NEVER:
        return Tellable.GENERIC
    if decline.decline_code:
        return OF_DECLINE_CODE.get(decline.decline_code, Tellable.GENERIC)
    return OF_ERROR_CODE.get(decline.code or "", Tellable.GENERIC)
