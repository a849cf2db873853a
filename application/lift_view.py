"""What the report on lift and credit reads, and what it shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from domain.attribution import Extra, Lift, MoneyOutcome, PeopleOutcome, Split
from domain.policy import Policy
from domain.recovery.events import Event


class Sample(Struct, frozen=True, kw_only=True):
    """Which cases count: of these versions of the policy, opened at or before this instant."""

    versions: tuple[int, ...]
    opened_until: datetime


class Outcomes(Struct, frozen=True, kw_only=True):
    """Customers with the same outcome as one row each, in no particular order.

    A customer is in the lot of the first case; cases of theirs that another draw has put elsewhere
    are left out. A case is paid if money came and not all of it went back.
    """

    people: tuple[PeopleOutcome, ...] = ()
    money: tuple[MoneyOutcome, ...] = ()


class PaidCase(Struct, frozen=True):
    """A case that money came for: those of its events that a credit rests on, in their order."""

    case_id: UUID
    history: tuple[Event, ...]


class LiftPages(Protocol):
    """The read side of one merchant's attribution."""

    async def policies(self, merchant_id: UUID) -> Sequence[Policy]:
        """The versions, newest first, a few hundred at most; empty for an unknown merchant."""
        ...

    async def outcomes(self, merchant_id: UUID, sample: Sample) -> Outcomes:
        """What became of the customers of the sample so far."""
        ...

    async def paid(self, merchant_id: UUID, after: UUID | None, limit: int) -> Sequence[PaidCase]:
        """Cases that money came for, in the order of their ids, those above `after`."""
        ...


class MoneyLift(Struct, frozen=True, kw_only=True):
    """The lift in the share of money of one currency, and what it is worth."""

    currency: str
    lift: Lift
    extra: Extra


class Comparison(Struct, frozen=True, kw_only=True):
    """One lot against another: by customers, each alike, and by money."""

    lot: str  # "treated", or an arm's name
    against: str  # "held_out", or the control's name
    customers: Lift
    money: tuple[MoneyLift, ...]


class LiftReport(Struct, frozen=True, kw_only=True):
    """What came back because of us, as far as it can be known at `at`.

    Only cases that opened at least `horizon_days` ago are compared: then the longest window is
    over, and a group that pays sooner is not ahead by that alone.
    """

    merchant_id: UUID
    at: datetime
    policy: str
    hold_out_percent: int
    versions: tuple[int, ...]
    horizon_days: float
    treated: Comparison
    arms: tuple[Comparison, ...]
    credit: tuple[Split, ...]
