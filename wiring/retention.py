"""Which backups stay: the newest of each of the last days, weeks and months that have one."""

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime

from msgspec import Struct


class Keep(Struct, frozen=True, kw_only=True):
    """How many days, ISO weeks and months (all UTC) keep their newest backup."""

    days: int = 7
    weeks: int = 5
    months: int = 12

    def __post_init__(self) -> None:
        if min(self.days, self.weeks, self.months) < 0:
            raise ValueError("Keep a number of days, weeks and months from 0 on.")


def to_keep(made_at: Iterable[datetime], keep: Keep) -> frozenset[datetime]:
    """The instants whose backups stay; the newest of all always does.

    Thinning after every backup leaves the same as thinning once at the end: nothing that a later
    turn would keep is ever dropped.
    """
    newest_first = sorted(set(made_at), reverse=True)
    return frozenset(
        newest_first[:1]
        + _newest_of_each(newest_first, keep.days, lambda at: at.date())
        + _newest_of_each(newest_first, keep.weeks, lambda at: at.isocalendar()[:2])
        + _newest_of_each(newest_first, keep.months, lambda at: (at.year, at.month))
    )


def _newest_of_each(
    newest_first: list[datetime], most: int, period_of: Callable[[datetime], Hashable]
) -> list[datetime]:
    newest: dict[Hashable, datetime] = {}
    for at in newest_first:
        newest.setdefault(period_of(at), at)
    return list(newest.values())[:most]
