"""Declines: what Stripe, the network and the issuer said, and the family that follows from it."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from domain.decline.codes import (
    ADVICE_CODES,
    DECLINE_CODES,
    ERROR_CODES,
    MASTERCARD_ADVICE,
    VISA_RESPONSES,
)
from domain.decline.family import DeclineFamily

__all__ = [
    "JUDGED",
    "Decline",
    "DeclineFamily",
    "family_of",
    "is_known",
    "may_sort",
    "wait_advised",
]

# Radar or Adaptive Acceptance stopped the charge before the issuer saw it.
# Source: docs.stripe.com/api/charges/object#charge_object-outcome-type.
BLOCKED_BY_STRIPE: Final = "blocked"

# From the network or from Stripe's advice no code can soften these; the harder one first.
FINAL: Final = (DeclineFamily.NEVER, DeclineFamily.NEEDS_NEW_CARD)

# Not charged again by default, although no network forbids it: issuers and Stripe's own caution
# refuse these, and who recovers payments disagrees about them. A merchant may decide otherwise.
JUDGED: Final = frozenset(
    """
    fraudulent highest_risk_level low_probability_of_authorization merchant_blacklist rule
    security_violation card_not_supported currency_not_supported not_permitted
    service_not_allowed transaction_not_allowed
    """.split()
)

# Mastercard's words against any further charge: "do not try again" and "recurring payment
# cancelled". They are obeyed for every card, for the record may lack the brand.
NEVER_FOR_EVERY_BRAND: Final = frozenset({"03", "21"})

# Mastercard says how long to wait (codes 24 to 30; processors read 02 as 72 hours).
MASTERCARD_WAITS: Final = {
    "02": timedelta(hours=72),
    "24": timedelta(hours=1),
    "25": timedelta(hours=24),
    "26": timedelta(days=2),
    "27": timedelta(days=4),
    "28": timedelta(days=6),
    "29": timedelta(days=8),
    "30": timedelta(days=10),
}


class Decline(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said about one refused charge, in Stripe's own strings; None where nobody spoke."""

    code: str | None = None
    decline_code: str | None = None
    advice_code: str | None = None
    network_advice_code: str | None = None
    network_decline_code: str | None = None
    outcome_type: str | None = None
    brand: str | None = None


def family_of(
    decline: Decline, overrides: Mapping[str, DeclineFamily] = MappingProxyType({})
) -> DeclineFamily:
    """The family that decides; the strongest voice first.

    Blocked by Stripe > the network > Stripe's advice > decline code > error code. The words
    "never" and "new card" are final from either; milder ones yield to what the code knows better.
    `overrides` are codes that the merchant sorts otherwise: they speak in place of the code alone,
    and not where `may_sort` forbids it.
    """
    if decline.outcome_type == BLOCKED_BY_STRIPE:
        return DeclineFamily.NEVER
    network = _network_family(decline)
    advice = ADVICE_CODES.get(decline.advice_code or "")
    for final in FINAL:
        if final in (network, advice):
            return final
    code = _code_family(decline, overrides)
    if DeclineFamily.NEEDS_NEW_DETAILS in (network, advice) and code not in FINAL:
        return DeclineFamily.NEEDS_NEW_DETAILS
    return code or network or advice or DeclineFamily.UNKNOWN


def may_sort(code: str, family: DeclineFamily) -> bool:
    """Whether a merchant may put a decline or error code into `family`.

    What the networks forbid stays forbidden: a code of the families "never" and "new card" may
    change between these two alone, but for those that are a matter of judgement (`JUDGED`).
    """
    if family is DeclineFamily.OUTSTANDING:  # no refusal makes a bill of a charge
        return False
    known = {DECLINE_CODES.get(code), ERROR_CODES.get(code)}
    return family in FINAL or code in JUDGED or known.isdisjoint(FINAL)


def is_known(decline: Decline) -> bool:
    """False for a code that stands in no table: worth a metric, for Stripe adds codes."""
    if decline.decline_code:  # its error code is only "card_declined"
        return decline.decline_code in DECLINE_CODES
    return (decline.code or "") in ERROR_CODES


def wait_advised(decline: Decline) -> timedelta:
    """The shortest wait the network asks for before the next charge of this card."""
    if decline.brand != "mastercard":
        return timedelta()
    return MASTERCARD_WAITS.get(decline.network_advice_code or "", timedelta())


def _code_family(decline: Decline, overrides: Mapping[str, DeclineFamily]) -> DeclineFamily | None:
    """What the decline code says, or else the error code; the merchant's word before the table's.

    A code that the merchant alone knows does not soften what the other code forbids.
    """
    if decline.decline_code in JUDGED and decline.decline_code in overrides:
        return overrides[decline.decline_code]
    words = (decline.decline_code or "", DECLINE_CODES), (decline.code or "", ERROR_CODES)
    usual = next((table[code] for code, table in words if code in table), None)
    heard = (overrides.get(code) for code, table in words if code in table or code in overrides)
    own = next(heard, None)
    if own is None or (usual in FINAL and own not in FINAL):
        return usual
    return own


def _network_family(decline: Decline) -> DeclineFamily | None:
    if decline.network_advice_code in NEVER_FOR_EVERY_BRAND:
        return DeclineFamily.NEVER
    if decline.brand == "mastercard":
        return MASTERCARD_ADVICE.get(decline.network_advice_code or "")
    if decline.brand == "visa":
        return VISA_RESPONSES.get(decline.network_decline_code or "")
    return None
