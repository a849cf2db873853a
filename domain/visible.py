"""Characters that nobody sees and that change what is read: found wherever people write."""

import unicodedata
from collections.abc import Iterator
from typing import Final

# Control, format (bidi overrides among them), surrogates, private use, unassigned, line separators.
INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# What joins words in Persian and parts of an emoji: harmless where it stands in a text.
JOINERS: Final = frozenset("\u200c\u200d")


def invisible_in(line: str) -> Iterator[tuple[int, str]]:
    """Where such a character stands, counted from 0, and its name as U+…."""
    for column, character in enumerate(line):
        if unicodedata.category(character) in INVISIBLE and character not in JOINERS:
            yield column, f"U+{ord(character):04X}"
