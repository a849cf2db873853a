"""Any colour a merchant likes, made fit to be read: WCAG 2.2 AA, in the light and in the dark.

Sources: WCAG 2.2, 1.4.3 (text, 4.5:1), 1.4.11 (a button's shape, 3:1), "relative luminance".
"""

import re
from functools import cache
from typing import Final

from msgspec import Struct

TEXT: Final = 4.5
SHAPE: Final = 3.0
STEPS: Final = 255
WRITTEN: Final = re.compile(r"#?(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE | re.ASCII)


class Colour(Struct, frozen=True):
    """In sRGB, each from 0 to 255."""

    red: int
    green: int
    blue: int

    @property
    def hex(self) -> str:
        """As CSS writes it."""
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    @property
    def luminance(self) -> float:
        """From 0 (black) to 1 (white)."""
        red, green, blue = map(_linear, (self.red, self.green, self.blue))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def towards(self, other: "Colour", step: int) -> "Colour":
        """So many of STEPS of the way."""
        mine = (self.red, self.green, self.blue)
        theirs = (other.red, other.green, other.blue)
        return Colour(
            *((m * (STEPS - step) + t * step) // STEPS for m, t in zip(mine, theirs, strict=True))
        )


class Shade(Struct, frozen=True, kw_only=True):
    """A colour on one ground: as a button, with its edge and what is written on it, and as text."""

    button: Colour
    edge: Colour
    on_button: Colour
    text: Colour


class Look(Struct, frozen=True, kw_only=True):
    """A colour in the light and in the dark."""

    light: Shade
    dark: Shade


BLACK: Final = Colour(0, 0, 0)
WHITE: Final = Colour(255, 255, 255)
# All that letters and customers' pages stand on; the darkest and the lightest count.
LIGHT_GROUNDS: Final = (
    Colour(0xF6, 0xF5, 0xF1),
    Colour(0xFF, 0xFE, 0xFB),
    Colour(0xFB, 0xFB, 0xF8),
)
DARK_GROUNDS: Final = (Colour(0x20, 0x1F, 0x1C), Colour(0x16, 0x15, 0x13), Colour(0x12, 0x14, 0x11))


def parse(text: str) -> Colour | None:
    """`#0a6a45`, `0A6A45` or `#063`; None for anything else."""
    if not WRITTEN.fullmatch(text):
        return None
    digits = text.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return Colour(*(int(digits[at : at + 2], 16) for at in (0, 2, 4)))


def contrast(one: Colour, other: Colour) -> float:
    """From 1 (the same) to 21 (black on white)."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


@cache
def look_of(colour: Colour) -> Look:
    """A button keeps its colour, and has an edge that stands out from the ground; as text the
    colour is itself where it can be read, else the nearest darker (or lighter) of its hue."""
    return Look(
        light=_shade(colour, LIGHT_GROUNDS, BLACK), dark=_shade(colour, DARK_GROUNDS, WHITE)
    )


def _shade(colour: Colour, grounds: tuple[Colour, ...], pole: Colour) -> Shade:
    # One of the two always reaches 4.58; white, where both can be read.
    on_button = WHITE if contrast(WHITE, colour) >= TEXT else BLACK
    return Shade(
        button=colour,
        edge=_seen(colour, grounds, pole, SHAPE),
        on_button=on_button,
        text=_seen(colour, grounds, pole, TEXT),
    )


def _seen(colour: Colour, grounds: tuple[Colour, ...], pole: Colour, least: float) -> Colour:
    """The first step towards the pole that stands out from every ground; the pole itself does."""
    steps = (colour.towards(pole, step) for step in range(STEPS + 1))
    return next(one for one in steps if min(contrast(one, each) for each in grounds) >= least)


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
