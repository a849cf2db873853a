"""What somebody who answers a text message may want of us. Whatever else they say, nobody reads it.

Source of the words: CTIA Messaging Principles 5.1.3; 47 CFR 64.1200(a)(10); and what people write
in the languages that we text in. Only a message that is such a word, or begins with one that means
nothing else, is taken for it: "End of May I can pay" stops nothing.
"""

import unicodedata
from enum import StrEnum
from typing import Final


class Wish(StrEnum):
    """What the carriers have agreed on that everybody may say."""

    STOP = "stop"
    START = "start"
    HELP = "help"


STOPS: Final = frozenset(
    "stop stopp stopall unsubscribe optout revoke arret arr\u00eat baja parar \u505c\u6b62".split()
)
STOPS_ALONE: Final = frozenset(("cancel", "end", "quit", "alto", "ende", "fin", "opt out"))
STARTS: Final = frozenset(("start", "unstop"))
HELPS: Final = frozenset(("help", "info", "hilfe", "aide", "ayuda", "aiuto", "ajuda", "pomoc"))


def wish_of(words: str) -> Wish | None:
    """None for anything else. Letter case, signs and the width of letters do not matter."""
    said = unicodedata.normalize("NFKC", words).casefold()
    parts = "".join(c if c.isalpha() else " " for c in said).split()
    whole = " ".join(parts)
    if whole in STARTS:
        return Wish.START
    if whole in HELPS:
        return Wish.HELP
    stops = bool(parts) and (parts[0] in STOPS or whole in STOPS_ALONE)
    return Wish.STOP if stops else None
