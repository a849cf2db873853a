"""How many segments a text message takes: each is carried, and paid for, by itself.

Source: 3GPP TS 23.038, 6.2.1: seven bits a character from one small alphabet; one character beyond
it, and the whole message takes sixteen bits each.
"""

from typing import Final

BASIC: Final = frozenset(
    "@\u00a3$\u00a5\u00e8\u00e9\u00f9\u00ec\u00f2\u00c7\n\u00d8\u00f8\r\u00c5\u00e5\u0394_\u03a6"
    "\u0393\u039b\u03a9\u03a0\u03a8\u03a3\u0398\u039e\u00c6\u00e6\u00df\u00c9 !\"#\u00a4%&'()*+,-./"
    "0123456789:;<=>?\u00a1ABCDEFGHIJKLMNOPQRSTUVWXYZ\u00c4\u00d6\u00d1\u00dc\u00a7\u00bf"
    "abcdefghijklmnopqrstuvwxyz\u00e4\u00f6\u00f1\u00fc\u00e0"
)
TWICE: Final = frozenset("\f^{}\\[~]|\u20ac")  # these take two places
# A single message, and each of several (which spend some room on their order).
GSM_ALONE, GSM_EACH = 160, 153
UCS_ALONE, UCS_EACH = 70, 67


def fits_gsm(text: str) -> bool:
    """Whether all of it is in the small alphabet."""
    return BASIC.union(TWICE).issuperset(text)


def segments_of(text: str) -> int:
    """Into how many segments it is cut; an empty text takes one."""
    if fits_gsm(text):
        return _cut([2 if character in TWICE else 1 for character in text], GSM_ALONE, GSM_EACH)
    return _cut([len(c.encode("utf-16-be")) // 2 for c in text], UCS_ALONE, UCS_EACH)


def _cut(places: list[int], alone: int, each: int) -> int:
    """No character is cut in two."""
    if sum(places) <= alone:
        return 1
    segments, left = 0, 0
    for taken in places:
        if taken > left:
            segments, left = segments + 1, each
        left -= taken
    return segments
