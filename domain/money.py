"""Money as Stripe counts it: whole minor units of one currency, never mixed, never a float."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from msgspec import Struct

# Stripe's own list, not ISO 4217's: stripe says how an amount is sent, ISO how it is printed.
# Source: docs.stripe.com/currencies (zero-decimal, three-decimal and special cases).
ZERO_DECIMAL: Final = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()
)
THREE_DECIMAL: Final = frozenset("bhd jod kwd omr tnd".split())


class MixedCurrencies(ValueError):
    """Two amounts of different currencies met; there is no sum and no order between them."""


def exponent(currency: str) -> int:
    """How many decimals separate Stripe's integer from the amount a person reads: 0, 2 or 3.

    ISK and UGX count as two-decimal here because Stripe takes them as such (ending in 00).
    """
    if currency.lower() in ZERO_DECIMAL:
        return 0
    return 3 if currency.lower() in THREE_DECIMAL else 2


class Money(Struct, frozen=True, order=False):
    """An amount in minor units with its lower-case ISO currency code beside it."""

    amount_minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise MixedCurrencies(f"{self.currency} and {other.currency}")
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def to_decimal(self) -> Decimal:
        """The amount as a person reads it: 1234 usd -> 12.34, 500 jpy -> 500, 1234 kwd -> 1.234."""
        return Decimal(self.amount_minor).scaleb(-exponent(self.currency))


def sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """One amount for each currency, in the order in which the currencies came first."""
    totals: dict[str, Money] = {}
    for amount in amounts:
        known = totals.get(amount.currency)
        totals[amount.currency] = known + amount if known else amount
    return tuple(totals.values())


# Major units of a currency for one US dollar, rough averages of 2025. Source: the yearly average
# rates of the IRS and the monthly ones of the European Central Bank, to two digits. For weighing
# alone (is a charge worth its fee?): never for an amount that a person sees or that moves.
_PER_DOLLAR: Final[dict[str, float]] = {
    "usd": 1.0, "eur": 0.9, "gbp": 0.76, "chf": 0.84, "jpy": 150, "cny": 7.2, "hkd": 7.8,
    "twd": 31, "krw": 1_400, "inr": 86, "idr": 16_400, "thb": 33, "vnd": 26_000, "php": 57,
    "myr": 4.3, "sgd": 1.3, "aud": 1.55, "nzd": 1.7, "cad": 1.4, "mxn": 19, "brl": 5.6,
    "clp": 950, "cop": 4_100, "pen": 3.6, "ars": 1_250, "uyu": 41, "crc": 505, "dop": 61,
    "sek": 9.8, "nok": 10.4, "dkk": 6.7, "isk": 128, "pln": 3.8, "czk": 22, "huf": 355,
    "ron": 4.5, "bgn": 1.75, "try": 39, "ils": 3.5, "aed": 3.67, "sar": 3.75, "qar": 3.64,
    "kwd": 0.31, "bhd": 0.376, "omr": 0.385, "jod": 0.709, "egp": 50, "mad": 9.3, "tnd": 3,
    "zar": 18, "ngn": 1_550, "kes": 129, "ghs": 12, "ugx": 3_650, "tzs": 2_600, "xof": 590,
    "xaf": 590, "pkr": 281, "bdt": 121, "lkr": 299, "kzt": 520, "uah": 41.5, "pyg": 7_800,
}  # fmt: skip


def rough_cents(amount_minor: int, currency: str) -> int:
    """About as many US cents as this amount is worth; a currency that is in no table counts as if
    one major unit were one dollar."""
    rate = _PER_DOLLAR.get(currency.lower(), 1.0)
    major = amount_minor / float(10 ** exponent(currency))
    return round(100 * major / rate)
