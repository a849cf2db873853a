"""What is written to customers, as data: texts without logic, with names for what is filled in."""

from domain.letters.faults import TextFault, faults_of
from domain.letters.kinds import LetterKind, kind_of
from domain.letters.shapes import BLOCKS, Field, LetterText
from domain.letters.text import Paragraph, Span, Values, compose, plain

__all__ = [
    "BLOCKS",
    "Field",
    "LetterKind",
    "LetterText",
    "Paragraph",
    "Span",
    "TextFault",
    "Values",
    "compose",
    "faults_of",
    "kind_of",
    "plain",
]
