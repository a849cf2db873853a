"""What a customer agrees to when another card of theirs may be charged: version 1 of the words.

Whoever changes a word here gives them another version: what was agreed to was agreed to as it read.
"""

from domain.invoice import Card
from web.wording.telling import card_name


def question(merchant: str, amount: str, other: Card) -> str:
    """What the button under it means."""
    return (
        f"If the card on file is refused, {merchant} may charge {amount} to your "
        f"{card_name(other)} instead, once. You can take this back here until then."
    )


def agreed(other: Card) -> str:
    """What stands now."""
    return f"If the card on file is refused, your {card_name(other)} is charged instead, once."
