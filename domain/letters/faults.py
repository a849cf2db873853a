"""What is wrong with a letter's words, each fault with its place: asked before they are kept."""

import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from msgspec import Struct

from domain.letters.shapes import BLOCKS, FIELDS, ONE_LINE, Field, LetterText
from domain.letters.text import INSTEAD, NAME, names_in

# Control, format (bidi overrides among them), surrogates, private use, unassigned.
INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Words that join what is written, in Persian and in emoji: harmless where they stand in a text.
JOINERS: Final = frozenset("\u200c\u200d")
NEEDED: Final = ("subject", "opening")


class TextFault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, and where: lines and columns count from 1."""

    block: str
    line: int
    column: int
    words: str


def faults_of(letter: LetterText) -> tuple[TextFault, ...]:
    """All that is wrong, in the order of the blocks; empty if the letter can be written."""
    return tuple(fault for block in BLOCKS for fault in _of_block(block, getattr(letter, block)))


def _of_block(block: str, text: str) -> Iterator[TextFault]:
    if len(text) > BLOCKS[block]:
        words = f"At most {BLOCKS[block]} characters; these are {len(text)}."
        yield TextFault(block=block, line=1, column=1, words=words)
        return
    if block in NEEDED and not text.strip():
        yield TextFault(block=block, line=1, column=1, words="Something must be written here.")
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        for column, words in _of_line(line):
            yield TextFault(block=block, line=number, column=column + 1, words=words)
    yield from _of_order(block, lines)


def _of_order(block: str, lines: list[str]) -> Iterator[TextFault]:
    written = ""
    for number, line in enumerate(lines, 1):
        instead = line.strip().startswith(INSTEAD)
        if instead and not written:
            words = "There is no line before it that this one could stand in for."
            yield TextFault(block=block, line=number, column=1, words=words)
        if block in ONE_LINE and line.strip() and not instead and number > 1:
            words = "Only one line; others must begin with | and stand in for it."
            yield TextFault(block=block, line=number, column=1, words=words)
        written = line.strip()


def _of_line(line: str) -> Iterator[tuple[int, str]]:
    for column, character in enumerate(line):
        if unicodedata.category(character) in INVISIBLE and character not in JOINERS:
            yield column, f"An invisible character (U+{ord(character):04X}) stands here."
    for column, name in names_in(line):
        if name not in FIELDS:
            yield column, _unknown(name)
    rest = NAME.sub(lambda found: " " * len(found[0]), line)
    for braces in ("{{", "}}"):
        at = rest.find(braces)
        if at >= 0:
            yield at, f"{braces} belongs to a name such as {{{{{Field.AMOUNT}}}}}."


def _unknown(name: str) -> str:
    known = list(FIELDS)
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean {{{{{near[0]}}}}}?" if near else f" There are: {', '.join(known)}."
    return f"There is no {{{{{name}}}}}.{hint}"
