"""Every code that Stripe and the card networks use to say why, sorted into families.

One table a layer; which layer wins is decided in `family_of`, not here. A code that is in no
table belongs to `DeclineFamily.UNKNOWN`.
"""

from collections.abc import Mapping
from typing import Final

from domain.decline.family import DeclineFamily


def _table(**codes: str) -> dict[str, DeclineFamily]:
    """Family by code, from one line of codes a family."""
    return {code: DeclineFamily[family] for family, line in codes.items() for code in line.split()}


# Stripe decline_code. Source: docs.stripe.com/declines/codes.
DECLINE_CODES: Final[Mapping[str, DeclineFamily]] = _table(
    FUNDS="""
        insufficient_funds card_velocity_exceeded withdrawal_count_limit_exceeded invalid_amount
        payment_limit_exceeded
    """,
    TEMPORARY="""
        issuer_not_available processing_error reenter_transaction try_again_later
        approve_with_id
    """,
    UNKNOWN="""
        generic_decline do_not_honor call_issuer no_action_taken pin_try_exceeded
        partner_generic_decline
    """,
    NEEDS_NEW_CARD="""
        incorrect_number invalid_number invalid_account lost_card stolen_card pickup_card
        restricted_card card_not_supported currency_not_supported not_permitted
        service_not_allowed transaction_not_allowed invalid_customer_account
        invalid_billing_agreement invalid_authorization
    """,
    NEEDS_NEW_DETAILS="""
        expired_card new_account_information_available invalid_expiry_month invalid_expiry_year
        incorrect_cvc invalid_cvc incorrect_zip incorrect_address expired_payment_information
        invalid_payment_information incorrect_pin invalid_pin offline_pin_required
        online_or_offline_pin_required
    """,
    NEEDS_AUTHENTICATION="""
        authentication_required authentication_not_handled mobile_device_authentication_required
    """,
    NEVER="""
        fraudulent merchant_blacklist highest_risk_level rule low_probability_of_authorization
        security_violation stop_payment_order revocation_of_authorization
        revocation_of_all_authorizations do_not_try_again partner_high_risk_customer
        compliance_violation payment_disputed
    """,
    CHECK="""
        duplicate_transaction partner_payment_not_found invalid_business_account
        testmode_decline
    """,
)

# Stripe error code of a failed payment. Source: docs.stripe.com/error-codes.
ERROR_CODES: Final[Mapping[str, DeclineFamily]] = _table(
    FUNDS="insufficient_funds card_decline_rate_limit_exceeded",
    TEMPORARY="""
        processing_error payment_method_provider_timeout payment_intent_payment_attempt_expired
        lock_timeout rate_limit payment_intent_rate_limit_exceeded idempotency_key_in_use
    """,
    UNKNOWN="""
        card_declined payment_intent_payment_attempt_failed payment_method_provider_decline
        refer_to_customer
    """,
    NEEDS_NEW_CARD="""
        incorrect_number invalid_number invalid_card_type payment_method_unactivated
        payment_method_not_available payment_method_restricted payment_method_customer_decline
        payment_method_currency_mismatch payment_method_unexpected_state
        payment_intent_incompatible_payment_method missing account_closed no_account
        bank_account_declined bank_account_unusable bank_account_restricted
        payment_method_bank_account_blocked sepa_unsupported_account billing_invalid_mandate
        payment_intent_mandate_invalid india_recurring_payment_mandate_canceled
    """,
    NEEDS_NEW_DETAILS="""
        expired_card expired_payment_method incorrect_cvc invalid_cvc incorrect_zip
        incorrect_postal_code incorrect_address invalid_expiry_month invalid_expiry_year
    """,
    NEEDS_AUTHENTICATION="""
        authentication_required invoice_payment_intent_requires_action
        payment_intent_action_required payment_intent_authentication_failure
        authentication_failure
    """,
    NEVER="debit_not_authorized charge_disputed request_blocked action_blocked",
    CHECK="""
        payment_intent_unexpected_state intent_invalid_state invoice_not_editable
        status_transition_invalid resource_missing token_already_used charge_already_refunded
        amount_too_small amount_too_large invoice_no_payment_method_types account_invalid
        platform_account_required api_key_expired platform_api_key_expired secret_key_required
        livemode_mismatch testmode_charges_only capability_not_active country_unsupported
        charge_exceeds_source_limit charge_exceeds_transaction_limit
        not_allowed_on_standard_account
    """,
)

# Stripe advice_code. Source: docs.stripe.com/declines/card#retrying-issuer-declines.
ADVICE_CODES: Final[Mapping[str, DeclineFamily]] = _table(
    FUNDS="try_again_later",
    NEEDS_NEW_DETAILS="confirm_card_data",
    NEVER="do_not_try_again",
)

# Mastercard merchant advice code (network_advice_code).
MASTERCARD_ADVICE: Final[Mapping[str, DeclineFamily]] = _table(
    FUNDS="02 24 25 26 27 28 29 30",
    UNKNOWN="40 41 43 99",
    NEEDS_NEW_DETAILS="01",
    NEVER="03 21 42",
    CHECK="04 05 22",
)

# Visa response code (network_decline_code): Visa Core Rules 2026-04-18, table 7-2.
VISA_RESPONSES: Final[Mapping[str, DeclineFamily]] = _table(
    FUNDS="51 61 65 N4 Z5 75 78",
    TEMPORARY="19 91 96",
    UNKNOWN="03 39 52 53 59 62 83 86 93 5C 9G N3 01 05 13 58 63",
    NEEDS_NEW_CARD="04 14 15 41 43 46",
    NEEDS_NEW_DETAILS="54 55 82 6P N7",
    NEEDS_AUTHENTICATION="1A 70",
    NEVER="07 12 57 R0 R1 R3",
)

# Every table by what it holds.
LAYERS: Final[Mapping[str, Mapping[str, DeclineFamily]]] = {
    "Mastercard advice": MASTERCARD_ADVICE,
    "Visa response": VISA_RESPONSES,
    "Stripe advice": ADVICE_CODES,
    "decline code": DECLINE_CODES,
    "error code": ERROR_CODES,
}
