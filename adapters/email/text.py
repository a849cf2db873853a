"""Names that other people typed, made fit for one line of a letter."""

import unicodedata
from typing import Final

LONGEST_NAME: Final = 60
# Control, format (bidi overrides among them), surrogate, private use, line and paragraph breaks.
INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def one_line(name: str) -> str:
    """Visible characters on one line, at most LONGEST_NAME; empty if nothing is left."""
    visible = (" " if unicodedata.category(c) in INVISIBLE else c for c in name[:1000])
    line = " ".join("".join(visible).split())
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1].rstrip() + "…"


def literal(line: str) -> str:
    """For a header: nothing in it is an encoded word. The standard library reads those even where
    they are given as plain text, so that one with a line break in it would begin another header.
    A word joiner keeps them apart; people see the same letters. Source: RFC 2047, 2."""
    return line.replace("=?", "=\N{WORD JOINER}?")


def greeting_name(name: str | None) -> str | None:
    """A name to greet with; None for one that a mail program would turn into a link."""
    line = one_line(name or "")
    is_link = "://" in line or "www." in line.lower() or "@" in line
    return None if is_link or not line else line
