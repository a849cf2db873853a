"""What is written to customers, as data: texts without logic, with names for what is filled in."""

from domain.letters.choice import OURS, InUse
from domain.letters.faults import TextFault, faults_of
from domain.letters.keywords import Wish, wish_of
from domain.letters.kinds import LetterKind, TextKind, kind_of, message_of, text_kind_of
from domain.letters.segments import fits_gsm, segments_of
from domain.letters.shapes import BLOCKS, Field, LetterText
from domain.letters.text import Paragraph, Span, Values, compose, plain

__all__ = [
    "BLOCKS",
    "OURS",
    "Field",
    "InUse",
    "LetterKind",
    "LetterText",
    "Paragraph",
    "Span",
    "TextFault",
    "TextKind",
    "Values",
    "Wish",
    "compose",
    "faults_of",
    "fits_gsm",
    "kind_of",
    "message_of",
    "plain",
    "segments_of",
    "text_kind_of",
    "wish_of",
]
