"""What a customer agrees to when another card of theirs may be charged: version 1 of the words.

Whoever changes them (`backup` in the words of the customer's pages) gives them another version:
what was agreed to was agreed to as it read.
"""

from domain.invoice import Card
from web.wording.customer import Speech


def version(speech: Speech) -> str:
    """Which words, and in which language: kept with the consent."""
    return f"backup/1/{speech.tag}"


def question(speech: Speech, merchant: str, amount: str, other: Card) -> str:
    """What the button under it means."""
    words = speech.backup["question"]
    return words.format(merchant=merchant, amount=amount, card=speech.card(other))


def agreed(speech: Speech, other: Card) -> str:
    """What stands now."""
    return speech.backup["agreed"].format(card=speech.card(other))
