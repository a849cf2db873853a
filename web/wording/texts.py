"""What a customer agrees to when they may be texted: version 1 of the words.

Whoever changes them (`texts` in the words of the customer's pages) gives them another version: what
was agreed to was agreed to as it read.
"""

from collections.abc import Mapping

from web.wording.customer import Speech


def version(speech: Speech) -> str:
    """Which words, and in which language: kept with the consent."""
    return f"texts/1/{speech.tag}"


def sentences(speech: Speech, merchant: str) -> Mapping[str, str]:
    """Question, what the tick means, and what else is good to know."""
    return {
        name: words.format(merchant=merchant)
        for name, words in speech.texts.items()
        if name != "agreed"
    }


def agreed(speech: Speech, merchant: str, number: str) -> str:
    """What stands now. The page is seen by whoever has its link: of the number only the end."""
    return speech.texts["agreed"].format(merchant=merchant, ending=number[-2:])
