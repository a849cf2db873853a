"""What the bank writes down: cards with their issuers, charges, and what is owed."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from domain.invoice import Card

KEY_LIFE: Final = timedelta(hours=24)
AUTHENTICATION: Final = "authentication_required"


@dataclass(slots=True)
class Issuer:
    """The bank behind one card: what it says when it says no, and how often it says yes."""

    card: Card
    code: str
    pays: float
    draw: random.Random

    def verdict(self) -> str | None:
        """A decline code; None for money."""
        return None if self.draw.random() < self.pays else self.code


class Booked(Struct, frozen=True, kw_only=True):
    """One charge that reached the bank."""

    at: datetime
    account: str
    invoice_id: str
    key: str
    card: Card
    amount_minor: int
    decline_code: str | None
    charge_id: str | None  # of a refused charge
    is_part: bool = False  # a payment of a part, by a page or a transfer

    @property
    def paid(self) -> bool:
        return self.charge_id is None and self.decline_code is None


@dataclass(slots=True)
class Debt:
    """What is owed, and what Stripe itself means to do about it."""

    account: str
    invoice_id: str
    due_minor: int
    retries_left: int = 0
    captured: list[Booked] = field(default_factory=list)
    refunded_minor: int = 0
    disputed_minor: int = 0  # gone, until the dispute is won

    @property
    def taken_minor(self) -> int:
        """What the bank took for it, parts and all, whatever went back."""
        return sum(one.amount_minor for one in self.captured)
