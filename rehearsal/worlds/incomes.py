"""When a person has money: incomes on the pay days of a pattern, spent after them.

A balance is not stepped through time: each income covers the charge for a while, and what remains
is the list of spans in which the money is there.
"""

from datetime import date, timedelta
from random import Random
from typing import Final

from msgspec import Struct

from rehearsal.worlds.shapes import Windows
from rehearsal.worlds.zones import DAY_S, HOUR_S, at_local_hour, local_day

EPOCH: Final = date(1970, 1, 1)
SATURDAY: Final = 5

# How long one income covers a charge: middle hours, spread of the logarithm, and how often an
# income covers it at all.
WEALTH: Final[dict[str, tuple[float, float, float]]] = {
    "comfortable": (260.0, 0.6, 0.95),
    "usual": (72.0, 0.7, 0.85),
    "tight": (15.0, 0.8, 0.65),
    "broke": (5.0, 0.7, 0.25),
}


def is_pay_day(pattern: str, day: date, phase: int) -> bool:
    """Whether money comes on `day`; `phase` picks the weekday, or the week of a fortnight.

    Patterns: weekly, biweekly, semi (15th and last), first_15th, month_end, day_N, none. Days of
    the month that fall on a weekend are paid on the Friday before.
    """
    if pattern == "none":
        return False
    if pattern in {"weekly", "biweekly"}:
        weekday = 4 if phase % 10 < 6 else phase % 5
        fits = day.weekday() == weekday
        return fits and (pattern == "weekly" or day.toordinal() // 7 % 2 == phase % 2)
    return any(_nominal(pattern, each) for each in _days_paid_on(day))


class Earner(Struct, frozen=True):
    """How a person is paid and how far it goes. `posting`: the local hour of their bank."""

    pattern: str
    wealth: str
    zone: str
    posting: float
    side_incomes: float  # in 30 days


def funded(random: Random, earner: Earner, opened_at: int, closes_at: int) -> Windows:
    """The spans after `opened_at` in which the account covers the charge, merged, in order."""
    hours, spread, likely = WEALTH[earner.wealth]

    def covered(at: int, share: float) -> tuple[int, int]:
        return at, at + int(share * hours * HOUR_S * random.lognormvariate(0.0, spread))

    incomes = _incomes(random, earner, opened_at, closes_at)
    spans = [covered(at, 1.0) for at in incomes if random.random() < likely]
    windfalls = _windfalls(random, earner.side_incomes, opened_at, closes_at)
    spans += [covered(at, 0.4) for at in windfalls]
    return merged([span for span in spans if span[0] > opened_at])


def merged(spans: list[tuple[int, int]]) -> Windows:
    """Overlapping spans become one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return tuple(found)


def _incomes(random: Random, earner: Earner, opened_at: int, closes_at: int) -> list[int]:
    phase = random.randrange(10)
    first, last = local_day(earner.zone, opened_at), local_day(earner.zone, closes_at)
    late = 5.0 if random.random() < 0.1 else 0.0  # some employers' files come in the afternoon
    return [
        at_local_hour(earner.zone, number, earner.posting + late)
        for number in range(first, last + 1)
        if is_pay_day(earner.pattern, EPOCH + timedelta(number), phase)
    ]


def _windfalls(random: Random, per_month: float, opened_at: int, closes_at: int) -> list[int]:
    found: list[int] = []
    if per_month <= 0:
        return found
    at = float(opened_at)
    while (at := at + random.expovariate(per_month / (30 * DAY_S))) < closes_at:
        found.append(int(at))
    return found


def _days_paid_on(day: date) -> tuple[date, ...]:
    if day.weekday() >= SATURDAY:
        return ()
    if day.weekday() == SATURDAY - 1:
        return (day, day + timedelta(1), day + timedelta(2))
    return (day,)


def _nominal(pattern: str, day: date) -> bool:
    last = (day + timedelta(1)).day == 1
    if pattern == "month_end":
        return last
    if pattern == "semi":
        return last or day.day == 15
    if pattern == "first_15th":
        return day.day in {1, 15}
    return day.day == int(pattern.removeprefix("day_"))
