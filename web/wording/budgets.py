"""How many declines a card has left, as a person would say it."""

from typing import Final

from application.views import CaseView
from domain.network import BARRING, Budget
from domain.recovery import events as e
from web import times
from web.wording.telling import BRANDS

# In place of a number, for a card that said never: what its network would allow is no use.
BARRED: Final = "This card is not charged again for this payment."


def left_on_card(view: CaseView) -> int:
    """Declines that the card on file has left; none for a card that is barred."""
    return 0 if is_barred(view) else max(0, view.card_limit - view.declines_on_card)


def budget(view: CaseView) -> str:
    """What the networks and the policy leave of the card: 3 of 8 declines left on this card."""
    if is_barred(view):
        return BARRED
    network = _network(view.row.card.brand if view.row.card else None)
    return (
        f"{left_on_card(view)} of {view.card_limit} declines left on this card in 30 days. "
        f"{network[:1].upper()}{network[1:]} allows {view.network_limit}."
    )


def budget_sentence(left: Budget, brand: str | None, zone: str) -> str:
    """A card's budget at the instant of a decision: 3 of 8 left until 14 May; Visa allows 20."""
    until = f" until {times.day(left.frees_at, zone)}" if left.frees_at else ""
    return f"{left.left} of {left.allowed} left{until}; {_network(brand)} allows {left.network}."


def is_barred(view: CaseView) -> bool:
    """True if a decline of the number of the card on file said never, or not this card.

    Renewed details of a barred number are barred too; another number begins afresh.
    """
    barred, number = False, None
    for event in view.history:
        if not isinstance(event, e.CardReplaced | e.ChargeDeclined | e.AttemptDeclined):
            continue
        card = event.card if isinstance(event, e.CardReplaced) else event.failure.card
        if card is not None and card.fingerprint != number:
            barred, number = False, card.fingerprint
        if not isinstance(event, e.CardReplaced):
            barred = barred or event.family in BARRING
    on_file = view.row.card
    return barred and (on_file is None or on_file.fingerprint == number)


def _network(brand: str | None) -> str:
    return BRANDS.get(brand or "", "its network")
