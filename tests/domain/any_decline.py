"""The tables of codes by what speaks in them, and any decline: for laws that must hold for all."""

from hypothesis import strategies as st

from domain.decline import Decline
from domain.decline.codes import (
    ADVICE_CODES,
    DECLINE_CODES,
    ERROR_CODES,
    MASTERCARD_ADVICE,
    VISA_RESPONSES,
)

TABLES = {
    "decline_code": DECLINE_CODES,
    "error_code": ERROR_CODES,
    "advice": ADVICE_CODES,
    "mac": MASTERCARD_ADVICE,
    "visa": VISA_RESPONSES,
}


def strings(*tables: str) -> st.SearchStrategy[str | None]:
    """Mostly what stands in the tables, sometimes nothing, sometimes anything."""
    known = st.sampled_from([code for table in tables for code in TABLES[table]])
    return st.one_of(known, known, st.none(), st.text(max_size=12))


declines = st.builds(
    Decline,
    code=strings("error_code"),
    decline_code=strings("decline_code"),
    advice_code=strings("advice"),
    network_advice_code=strings("mac", "visa"),
    network_decline_code=strings("visa", "mac"),
    outcome_type=st.sampled_from([None, "issuer_declined", "blocked", "authorized"]),
    brand=st.sampled_from([None, "visa", "mastercard", "amex", "Visa"]),
)
