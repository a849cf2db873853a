"""What the world answers in a preview: the bank to each charge, the customer on their days."""

from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from domain.decline import Decline
from domain.invoice import Card, Profile

# The middle of all draws: a plan that explores is shown as it is without luck.
MIDDLE_DRAW: Final = 1 << 31
SOME_CARD: Final = Card(payment_method="pm_first", fingerprint="first", brand="visa")


class Scenario(Struct, frozen=True, kw_only=True):
    """One failed payment and its world.

    `answers` are the bank's to our charges in their order, None where the charge goes through;
    charges after the last are refused like the first one was. Offsets count from `opened_at`.
    """

    opened_at: datetime
    amount_minor: int
    currency: str
    decline: Decline = Decline(code="card_declined", decline_code="insufficient_funds")
    answers: tuple[Decline | None, ...] = ()
    card: Card = SOME_CARD
    profile: Profile = Profile()
    new_card_after: timedelta | None = None  # the customer gives another card, and it works
    pays_after: timedelta | None = None  # the customer pays by their own hand
    holidays: tuple[date, ...] = ()  # of the customer's country, within the window
    draw: int = MIDDLE_DRAW
    merchant: str = ""
