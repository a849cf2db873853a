"""What is wrong with a letter's words, each fault with its place: asked before they are kept."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from msgspec import Struct

from domain.letters.kinds import LetterKind
from domain.letters.shapes import BLOCKS, FIELDS, ONE_LINE, Field, LetterText
from domain.letters.text import INSTEAD, NAME, compose, names_in
from domain.visible import invisible_in

NEEDED: Final = ("subject", "opening")


class TextFault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, and where: lines and columns count from 1."""

    block: str
    line: int
    column: int
    words: str


def faults_of(letter: LetterText, kind: LetterKind | None = None) -> tuple[TextFault, ...]:
    """All that is wrong, in the order of the blocks; empty if the letter can be written.

    Of a `kind` more is asked: names that can be known in it, words wherever it needs some whatever
    is known, and a button exactly where it asks for something.
    """
    return tuple(
        fault
        for block in BLOCKS
        for fault in (
            *_of_block(block, getattr(letter, block)),
            *(_of_kind(kind, block, getattr(letter, block)) if kind else ()),
        )
    )


def _of_kind(kind: LetterKind, block: str, text: str) -> Iterator[TextFault]:
    if block == "button" and not kind.asks:
        if text.strip():
            words = "This letter asks for nothing: it has no button."
            yield TextFault(block=block, line=1, column=1, words=words)
        return
    known = kind.always | kind.sometimes
    for number, line in enumerate(text.splitlines(), 1):
        for column, name in names_in(line):
            if name in FIELDS and FIELDS[name] not in known:
                words = f"{{{{{name}}}}} is never known in this letter: the line would be left out."
                yield TextFault(block=block, line=number, column=column + 1, words=words)
    if block == "button" and not text.strip():
        words = "The way to pay stays in every letter: its button needs a word."
        yield TextFault(block=block, line=1, column=1, words=words)
    elif (block in NEEDED or block == "button") and text.strip() and not _can_be_said(kind, text):
        words = "Nothing is left where a name has no value: add a line with | that needs none."
        yield TextFault(block=block, line=1, column=1, words=words)


def _can_be_said(kind: LetterKind, text: str) -> bool:
    """Whatever is not known."""
    return bool(compose(text, dict.fromkeys(kind.always, "x")))


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
    for column, name in invisible_in(line):
        yield column, f"An invisible character ({name}) stands here."
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
