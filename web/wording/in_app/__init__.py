"""What the page about the merchant's own app says: examples to copy, choices, faults."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from domain.entitlement import Notice, Wall

FOLDER: Final = Path(__file__).parent
SIGNING: Final = {"Python": "python", "Node": "node", "PHP": "php", "Ruby": "ruby"}

WALLS: Final[Mapping[Wall, str]] = {
    Wall.BANNER: "A banner, as before",
    Wall.SOFT: "A wall that can be put off for a day",
    Wall.HARD: "A wall that stays until it is settled",
}
PREVIEWS: Final[Mapping[Notice, str]] = {
    Notice.BANNER: "The banner",
    Notice.SOFT: "The wall that can be put off",
    Notice.HARD: "The wall that stays",
}
GRACE_FAULT: Final = "Days of grace are a whole number from 0 to {most}."
ORIGINS_FAULT: Final = "At most {most} addresses can be listed."
ORIGIN_FAULT: Final = (
    "{line} is not an address that a browser could name: https://, the host, perhaps a port, and"
    " no path; http:// only for localhost."
)
NOTHING_SAVED: Final = "Nothing was saved."
SENT_TWICE: Final = ("The secret is as it was.", "That form had been sent already.")
VERDICTS: Final = {
    True: "This signature is right, and good just now.",
    False: "This signature is not right: another secret, another id, another text, or it is over.",
}
KEY_NOT_MADE: Final = (
    "No key was made.",
    "That form had been sent already, or there are as many keys as there may be: revoke one first.",
)


@cache
def example(name: str, origin: str, merchant: str, integrity: str) -> str:
    """One of the examples, with this installation's values."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    values = {"__ORIGIN__": origin, "__MERCHANT__": merchant, "__INTEGRITY__": integrity}
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text
