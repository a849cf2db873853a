"""Codes about which those who retry disagree: a merchant sees our default, and why.

They may change it where `may_sort` lets them: a dispute does not lift what a network forbids.
"""

from typing import Final

from msgspec import Struct

from domain.decline.codes import DECLINE_CODES
from domain.decline.family import DeclineFamily

STRIPE: Final = "docs.stripe.com/billing/revenue-recovery/smart-retries"
POLAR: Final = "polarsource/polar, server/polar/models/payment.py"

# Codes after which Stripe's own retries stop (as read in 2026), and those after which Polar's do.
STRIPE_STOPS: Final = frozenset(
    """
    incorrect_number lost_card pickup_card stolen_card revocation_of_authorization
    revocation_of_all_authorizations authentication_required highest_risk_level
    transaction_not_allowed
    """.split()
)
POLAR_STOPS: Final = frozenset(
    """
    card_not_supported do_not_honor expired_card fraudulent incorrect_cvc incorrect_number
    invalid_account invalid_cvc invalid_expiry_year invalid_pin lost_card merchant_blacklist
    not_permitted pickup_card restricted_card revocation_of_all_authorizations
    revocation_of_authorization security_violation stolen_card stop_payment_order
    """.split()
)

# Why our default is what it is.
REASONS: Final = {
    "authentication_required": "Only the customer can authenticate; a mere charge is refused again",
    "card_not_supported": "The card cannot pay this, today or later",
    "do_not_honor": "About one failure in ten, without a reason, and partly recovered by itself",
    "expired_card": "Some issuers approve all the same, and card updaters refresh the date",
    "fraudulent": "Stripe suspects fraud: a further try harms the approval of good charges",
    "highest_risk_level": "Blocked before the issuer saw it, and would be blocked again",
    "incorrect_cvc": "Some issuers approve without the CVC; few tries, and the customer is asked",
    "invalid_account": "The account behind the card is closed; the networks count this as never",
    "invalid_cvc": "Some issuers approve without the CVC; few tries, and the customer is asked",
    "invalid_expiry_year": "Card updaters refresh the date; few tries, and the customer is asked",
    "invalid_pin": "Needs the customer; few tries, in case the issuer changes its mind",
    "merchant_blacklist": "The merchant has blocked this card",
    "not_permitted": "The bank does not allow this payment on this card",
    "restricted_card": "The card cannot be used for this payment, or was reported lost or stolen",
    "security_violation": "The issuer's security refused it: a further try looks like an attack",
    "stop_payment_order": "The customer stopped it at the bank; networks fine further tries",
    "transaction_not_allowed": "The bank does not allow this kind of payment on this card",
}


class Disputed(Struct, frozen=True, kw_only=True):
    """One code about which opinions differ."""

    code: str
    family: DeclineFamily  # our default
    why: str  # of our default
    stripe: str
    others: str
    source: str


def _stance(who: str, *, stops: bool) -> str:
    return f"{who} stops" if stops else f"{who} does not stop"


DISPUTED: Final = tuple(
    Disputed(
        code=code,
        family=DECLINE_CODES[code],
        why=REASONS[code],
        stripe=_stance("Stripe", stops=code in STRIPE_STOPS),
        others=_stance("Polar", stops=code in POLAR_STOPS),
        source=f"{STRIPE}; {POLAR}",
    )
    for code in sorted(STRIPE_STOPS ^ POLAR_STOPS)
)
