"""What every sentence needs: the reader's zone, the case's currency, the names of cards."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from domain.invoice import Card
from domain.network import DEBIT_SCHEMES
from web import money, times

BRANDS: Final = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "discover": "Discover",
    "diners": "Diners Club",
    "jcb": "JCB",
    "unionpay": "UnionPay",
}


class Telling(Struct, frozen=True, kw_only=True):
    """What sentences need beside the event: the reader's zone and the case's currency."""

    zone: str
    currency: str

    def money(self, amount_minor: int) -> str:
        """The amount with its code."""
        return money.plain(amount_minor, self.currency)

    def time(self, at: datetime) -> str:
        """Friday 4 July at 09:00."""
        return times.sentence(at, self.zone)


def card_name(card: Card | None) -> str:
    """Visa ending in 4242."""
    if card is None:
        return "the card on file"
    nameless = "bank account" if card.kind in DEBIT_SCHEMES else "card"
    brand = BRANDS.get(card.brand or "", nameless if card.brand is None else card.brand.title())
    return f"{brand} ending in {card.last4}" if card.last4 else brand
