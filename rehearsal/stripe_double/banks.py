"""Stripe's test bank accounts: five schemes of direct debit, and how a debit on each ends."""

from typing import Any, Final

from msgspec import Struct

from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import World

BANK_TYPES: Final = (
    "sepa_debit", "us_bank_account", "bacs_debit", "acss_debit", "au_becs_debit",
)  # fmt: skip
# How the test account numbers of docs.stripe.com/testing end, and what becomes of their debits.
_NUMBERS: Final = {
    "11111113": "account_closed",
    "22222227": "insufficient_funds",
    "33333335": "debit_not_authorized",
    "32013001": "insufficient_funds",
    "32013003": "debit_not_authorized",
}
_ENDINGS: Final = {
    "success": "12345678", "accountClosed": "11111113", "insufficientFunds": "22222227",
    "debitNotAuthorized": "33333335",
}  # fmt: skip
_NAMED: Final = {
    "sepa_debit": "sepaDebit", "us_bank_account": "usBankAccount", "bacs_debit": "bacsDebit",
    "acss_debit": "acssDebit", "au_becs_debit": "auBecsDebit",
}  # fmt: skip
MESSAGES: Final = {
    "insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
    "debit_not_authorized": "The customer has notified their bank that this payment was "
    "unauthorized.",
    "account_closed": "The customer's bank account has been closed.",
}


class TestBank(Struct, frozen=True):
    """A bank account: its scheme and its number, the end of which decides."""

    kind: str
    number: str

    @property
    def decline(self) -> str | None:
        """What every debit of the account fails with; None when it settles."""
        return _NUMBERS.get(self.number[-8:])


# pm_usBankAccount_success, pm_sepaDebit_insufficientFunds, pm_bacsDebit_debitNotAuthorized, …
TEST_BANKS: Final[dict[str, TestBank]] = {
    f"pm_{name}_{ending}": TestBank(kind, number)
    for kind, name in _NAMED.items()
    for ending, number in _ENDINGS.items()
}


def message(failure: str) -> str:
    """The sentence Stripe sends with a failed debit."""
    return MESSAGES.get(failure, "The customer's bank did not accept the debit.")


def number_of(kind: str, given: dict[str, Any]) -> str:
    """The account's number as the caller wrote it, without blanks; "" when there is none."""
    name = "iban" if kind == "sepa_debit" else "account_number"
    return str(given.get(name, "")).replace(" ", "")


def bank_account(world: World, bank: TestBank) -> Document:
    """The part of a payment method that describes the account."""
    shared = {"fingerprint": world.new_id("", 16), "last4": bank.number[-4:]}
    own: dict[str, Any]
    match bank.kind:
        case "sepa_debit":
            own = {"bank_code": "37040044", "branch_code": "", "country": "DE",
                   "generated_from": {"charge": None, "setup_attempt": None}}  # fmt: skip
        case "us_bank_account":
            own = {
                "account_holder_type": "individual", "account_type": "checking",
                "bank_name": "STRIPE TEST BANK", "financial_connections_account": None,
                "networks": {"preferred": "ach", "supported": ["ach"]},
                "routing_number": "110000000", "status_details": None,
            }  # fmt: skip
        case "bacs_debit":
            own = {"sort_code": "108800"}
        case "acss_debit":
            own = {"bank_name": "STRIPE TEST BANK", "institution_number": "000",
                   "transit_number": "11000"}  # fmt: skip
        case _:
            own = {"bsb_number": "000000"}
    return {**shared, **own}


def debited_account(method: Document) -> Document:
    """What a charge says of the account it debits."""
    left_out = {
        "generated_from", "financial_connections_account", "networks", "status_details",
    }  # fmt: skip
    shown = {k: v for k, v in method[method["type"]].items() if k not in left_out}
    reference = {"payment_reference": None} if method["type"] == "us_bank_account" else {}
    return {**shown, "mandate": method["_mandate"], **reference}


def mandate(world: World, method: Document) -> Document:
    """The customer's consent to be debited, active until the bank or the customer revokes it."""
    kind = method["type"]
    details: dict[str, Document] = {
        "sepa_debit": {"reference": "REHEARSAL-0001", "url": "https://example.com/mandate"},
        "us_bank_account": {},
        "bacs_debit": {
            "display_name": None, "network_status": "accepted", "reference": "REHEARSAL1",
            "revocation_reason": None, "service_user_number": None,
            "url": "https://example.com/mandate",
        },
        "acss_debit": {
            "interval_description": None, "payment_schedule": "sporadic",
            "transaction_type": "personal",
        },
        "au_becs_debit": {"url": "https://example.com/mandate"},
    }  # fmt: skip
    now = world.now()
    return {
        "id": world.new_id("mandate_1"), "object": "mandate", "_account": method["_account"],
        "customer_acceptance": {
            "accepted_at": now, "type": "online",
            "online": {"ip_address": "192.0.2.1", "user_agent": "Mozilla/5.0"},
        },
        "livemode": False, "multi_use": {}, "payment_method": method["id"],
        "payment_method_details": {"type": kind, kind: details[kind]}, "status": "active",
        "type": "multi_use",
    }  # fmt: skip
