"""Money as Stripe counts it: whole minor units of one currency, never mixed, never a float."""

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
