"""From a text with names to what a person reads. Nothing in it is ever evaluated."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from domain.letters.shapes import FIELDS, Field

NAME: Final = re.compile(r"\{\{ ?([a-z0-9_]{1,20}) ?\}\}")
INSTEAD: Final = "|"
# No space follows these where lines become one paragraph.
UNSPACED: Final = ("\u3002", "\u3001", "\uff01", "\uff1f", "\uff1a", "\u300d")

Values = Mapping[Field, str]


class Span(Struct, frozen=True):
    """A stretch of a paragraph: the writer's own words, or (`is_value`) what was filled in."""

    text: str
    is_value: bool = False


Paragraph = tuple[Span, ...]


def compose(text: str, values: Values) -> tuple[Paragraph, ...]:
    """The paragraphs of `text` with `values` in their places; an empty value is none.

    Total: what is no name of a field stays as it is written. Takes time linear in what it returns.
    """
    return tuple(
        paragraph
        for lines in _paragraphs(text)
        if (paragraph := tuple(_joined(_kept(lines, values))))
    )


def plain(paragraphs: Iterable[Paragraph]) -> str:
    """The paragraphs as plain text, with an empty line between two."""
    return "\n\n".join("".join(span.text for span in paragraph) for paragraph in paragraphs)


def names_in(text: str) -> Iterator[tuple[int, str]]:
    """Where names stand, and what they are."""
    for found in NAME.finditer(text):
        yield found.start(), found[1]


def _paragraphs(text: str) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in (*text.splitlines(), ""):
        if line.strip():
            lines.append(line.strip())
        elif lines:
            yield lines
            lines = []


def _kept(lines: list[str], values: Values) -> Iterator[Paragraph]:
    """Each line that can be said, or the first after it that can be said instead."""
    said = False
    for line in lines:
        instead = line.startswith(INSTEAD)
        if instead and said:
            continue
        spans = _filled(line.removeprefix(INSTEAD).lstrip() if instead else line, values)
        said = spans is not None
        if spans:
            yield spans


def _filled(line: str, values: Values) -> Paragraph | None:
    """None where a field has no value."""
    spans, end = list[Span](), 0
    for found in NAME.finditer(line):
        field = FIELDS.get(found[1])
        if field is None:
            continue
        value = values.get(field)
        if not value:
            return None
        spans += (Span(line[end : found.start()]), Span(value, is_value=True))
        end = found.end()
    return tuple(span for span in (*spans, Span(line[end:])) if span.text)


def _joined(lines: Iterable[Paragraph]) -> Iterator[Span]:
    before = ""
    for line in lines:
        if before and not before.endswith(UNSPACED):
            yield Span(" ")
        yield from line
        before = line[-1].text
