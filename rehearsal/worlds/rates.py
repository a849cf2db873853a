"""Fixed rates, so that amounts of several currencies can be added."""

from typing import Final

from domain.money import exponent

USD: Final[dict[str, float]] = {
    "usd": 1.0, "eur": 1.08, "gbp": 1.27, "chf": 1.13, "sek": 0.095, "pln": 0.25, "cad": 0.73,
    "aud": 0.66, "nzd": 0.6, "jpy": 0.0067, "krw": 0.00073, "inr": 0.012, "sgd": 0.74,
    "idr": 6.2e-5, "brl": 0.18, "mxn": 0.055,
}  # fmt: skip


def cents(amount_minor: int, currency: str) -> float:
    """US cents of an amount."""
    return amount_minor / 10.0 ** exponent(currency) * USD[currency.lower()] * 100.0


def minor(us_cents: float, currency: str) -> int:
    """An amount of about so many US cents, at least 1."""
    per_unit = USD[currency.lower()] * 100.0
    return max(1, round(us_cents / per_unit * 10.0 ** exponent(currency)))
