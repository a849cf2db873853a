"""What a merchant proves by records of its domain, and how long a proof stands.

Two things are proven so: that letters may come from a domain (`sending`), and that customers' links
may lead to a host (`link_host`).
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MOST_CHARACTERS: Final = 200
# So long an answer may be missing that nobody gives: name servers have bad days.
UNREACHABLE_FOR: Final = timedelta(days=3)


class NameUnfit(ValueError):
    """No records can be set for it."""


class State(StrEnum):
    """How a record stands."""

    UNSEEN = "unseen"  # nobody has looked yet
    RIGHT = "right"
    MISSING = "missing"
    WRONG = "wrong"  # there is one, and it does not say what it must


class Looked(Struct, frozen=True, kw_only=True):
    """When somebody looked, and since when what they found is as it should be."""

    tried_at: datetime | None = None  # the records were asked for
    checked_at: datetime | None = None  # and an answer came
    verified_at: datetime | None = None  # first found as they should be
    lost_at: datetime | None = None  # no longer so since then

    @property
    def stands(self) -> bool:
        """What was to be proven is."""
        return self.verified_at is not None and self.lost_at is None


Proven = TypeVar("Proven", bound=Looked)


def found(it: Proven, *, is_right: bool, now: datetime) -> Proven:
    """An answer came: what was right once is lost if it is not any more, and comes back."""
    after = replace(it, tried_at=now, checked_at=now)
    if is_right:
        return replace(after, verified_at=it.verified_at or now, lost_at=None)
    if it.verified_at is not None:
        return replace(after, lost_at=it.lost_at or now)
    return after


def unanswered(it: Proven, now: datetime) -> Proven:
    """Nobody answers for the domain. What stood goes on standing, for a while."""
    after = replace(it, tried_at=now)
    seen_at = it.checked_at
    if it.stands and seen_at is not None and now - seen_at > UNREACHABLE_FOR:
        return replace(after, lost_at=now)
    return after


def name_of(text: str) -> str:
    """A domain's name in ASCII and lower case. Raises NameUnfit."""
    try:
        name = text.strip().lower().encode("idna").decode()
    except UnicodeError:
        raise NameUnfit(text) from None
    labels = name.split(".")
    if len(labels) < 2 or len(name) > MOST_CHARACTERS or not all(map(LABEL.fullmatch, labels)):
        raise NameUnfit(text)
    if labels[-1].isdigit():  # an address of the network
        raise NameUnfit(text)
    return name
