"""How many declines a card has left, as a person would say it."""

from typing import Final

from application.views import CaseView
from domain.invoice import Card
from domain.network import BARRING, DEBIT_SCHEMES, Budget, debit_budget
from domain.recovery import events as e
from web import times
from web.wording.telling import BRANDS

# In place of a number, for a card that said never: what its network would allow is no use.
BARRED: Final = "This card is not charged again for this payment."


def left_on_card(view: CaseView) -> int:
    """Declines, or debits, that are left; none for a card that is barred."""
    debits = _debits(view)
    if debits is not None and not is_barred(view):
        return debits.left
    return 0 if is_barred(view) else max(0, view.card_limit - view.declines_on_card)


def budget(view: CaseView) -> str:
    """What the networks and the policy leave of the card: 3 of 8 declines left on this card."""
    if is_barred(view):
        return BARRED
    debits = _debits(view)
    if debits is not None:
        scheme = network_of(view.row.card)
        return (
            f"{debits.left} of {debits.allowed} further debits of this invoice left. "
            f"{_network(scheme)} allows {debits.network}."
        )
    network = _network(network_of(view.row.card))
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


def most_on_card(view: CaseView) -> int:
    """What `left_on_card` is a part of."""
    debits = _debits(view)
    return view.card_limit if debits is None else debits.allowed


def network_of(card: Card | None) -> str | None:
    """Whose limits hold, as `budget_sentence` takes it."""
    return card.scheme if card is not None else None


def _debits(view: CaseView) -> Budget | None:
    """The debits of the account on file by this invoice; None for what is no bank debit."""
    card = view.row.card
    if card is None:
        return None
    charges = {
        event.failure.charge_id
        for event in view.history
        if isinstance(event, e.ChargeDeclined | e.AttemptDeclined)
        and event.failure.card is not None
        and event.failure.card.fingerprint == card.fingerprint
    }
    return debit_budget(card.kind, len(charges))


def _network(scheme: str | None) -> str:
    if scheme in DEBIT_SCHEMES:
        return DEBIT_SCHEMES[scheme].name
    return BRANDS.get(scheme or "", "its network")
