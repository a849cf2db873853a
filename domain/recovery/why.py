"""Why a step was planned, in data: pages and `case explain` turn it into sentences.

Whole numbers and words only: what is kept must be equal to the byte when it is made again.
"""

from datetime import datetime

from msgspec import Struct

from domain.network import Budget

__all__ = ["Budget", "Rejected", "Why"]


class Rejected(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alternative that was not taken: what, when, and the rule against it."""

    what: str  # "charge", "message", "wait"
    rule: str
    at: datetime | None = None
    percent: int | None = None  # its chance


class Why(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The reason of one decision."""

    inputs: dict[str, str | int] = {}
    evidence: tuple[tuple[str, str, int, int], ...] = ()  # what, bucket, tries, successes
    rejected: tuple[Rejected, ...] = ()
    budget: Budget | None = None
    percent: int | None = None  # the chance of what was chosen
