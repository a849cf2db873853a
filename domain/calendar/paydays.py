"""When people are likely paid: by country and kind of card, on working days.

Nobody knows the pay day of one customer; a country's habits are known. A weight is the share of
people who get money on that day. Learned experience (`domain.timing`) corrects what is wrong here.

Sources: US Bureau of Labor Statistics, length of pay periods in the Current Employment Statistics
(2023: biweekly 43 %, weekly 27 %, semi-monthly 20 %, monthly 10 %), Social Security payment
calendar (1st, 3rd, three Wednesdays); UK: CIPP payroll surveys (monthly most common, last working
day first, then 25th and 28th; 4-weekly and weekly on Fridays); elsewhere the custom that payroll
handbooks agree on. The shares are rough: read them as "more", "less" and "hardly".
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

from msgspec import Struct

# Banks post pay overnight; before this local hour the money of a day is not yet there.
POSTED_BY_HOUR: Final = 6
# A rule is (kind, number, weight). "weekday": each such weekday, Monday 0; "day": that day of the
# month, -1 the last; "first": the n-th working day of the month; "last": the n-th from its end.
Rule = tuple[str, int, float]

_MONTH_END: Final[tuple[Rule, ...]] = (("last", 1, 0.45), ("first", 1, 0.2), ("day", 15, 0.15))
RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "US": (
        ("weekday", 4, 0.38),  # biweekly on either Friday and weekly
        ("weekday", 3, 0.05),
        ("weekday", 2, 0.04),  # benefits on the second to fourth Wednesday, biweekly rest
        ("day", 15, 0.16),  # semi-monthly
        ("last", 1, 0.18),  # semi-monthly and monthly
        ("day", 1, 0.06),
        ("day", 3, 0.04),
    ),
    "CA": (("weekday", 4, 0.28), ("weekday", 3, 0.1), ("day", 15, 0.22), ("last", 1, 0.25)),
    "GB": (
        ("last", 1, 0.35),
        ("day", 28, 0.15),
        ("day", 25, 0.12),
        ("weekday", 4, 0.12),  # weekly and 4-weekly
        ("day", 15, 0.05),
        ("day", 1, 0.06),
    ),
    "IE": (("last", 1, 0.35), ("weekday", 3, 0.12), ("weekday", 4, 0.12), ("day", 25, 0.12)),
    "DE": (("last", 1, 0.45), ("day", 1, 0.15), ("day", 15, 0.15), ("day", 27, 0.1)),
    "AT": (("last", 1, 0.45), ("day", 1, 0.15), ("day", 15, 0.2)),
    "CH": (("day", 25, 0.55), ("last", 1, 0.2)),
    "FR": (("last", 1, 0.4), ("last", 3, 0.15), ("day", 1, 0.1), ("day", 5, 0.1)),
    "NL": (("day", 25, 0.35), ("day", 23, 0.15), ("last", 1, 0.2), ("weekday", 3, 0.05)),
    "BE": (("last", 1, 0.4), ("day", 25, 0.15), ("day", 5, 0.15)),
    "SE": (("day", 25, 0.7), ("last", 1, 0.1)),
    "NO": (("day", 12, 0.2), ("day", 15, 0.2), ("day", 20, 0.2), ("day", 25, 0.2)),
    "DK": (("last", 1, 0.75), ("day", 15, 0.08)),
    "FI": (("day", 15, 0.3), ("last", 1, 0.3), ("day", 25, 0.1)),
    "ES": (("last", 1, 0.45), ("day", 28, 0.15), ("day", 1, 0.1), ("day", 15, 0.06)),
    "IT": (("day", 27, 0.3), ("day", 10, 0.25), ("last", 1, 0.15), ("day", 15, 0.12)),
    "PT": (("last", 1, 0.4), ("day", 25, 0.2), ("day", 23, 0.12)),
    "PL": (("last", 1, 0.35), ("day", 10, 0.35), ("day", 1, 0.1)),
    "JP": (("day", 25, 0.6), ("last", 1, 0.15), ("day", 15, 0.08), ("day", 10, 0.07)),
    "KR": (("day", 25, 0.35), ("day", 10, 0.25), ("day", 21, 0.12), ("last", 1, 0.1)),
    "AU": (("weekday", 2, 0.22), ("weekday", 3, 0.26), ("day", 15, 0.15), ("last", 1, 0.12)),
    "NZ": (("weekday", 2, 0.26), ("weekday", 3, 0.2), ("weekday", 1, 0.1), ("day", 20, 0.1)),
    "IN": (("last", 1, 0.45), ("first", 1, 0.2), ("day", 7, 0.15)),
    "BR": (("first", 5, 0.5), ("day", 20, 0.2), ("last", 1, 0.12), ("day", 15, 0.08)),
    "MX": (("day", 15, 0.5), ("last", 1, 0.5), ("weekday", 4, 0.12)),
    "ZA": (("day", 25, 0.45), ("last", 1, 0.3), ("day", 15, 0.1)),
    "SG": (("last", 1, 0.45), ("day", 25, 0.2), ("day", 7, 0.1)),
    "AE": (("last", 1, 0.4), ("day", 25, 0.2), ("day", 1, 0.15)),
}
ELSEWHERE: Final[tuple[Rule, ...]] = (*_MONTH_END, ("weekday", 4, 0.1))
# A prepaid or debit card is as full as the account; a credit card hangs on its limit, which the
# payment of the bill frees: after pay day too, but for fewer people and less sharply.
BOUND_TO_PAY: Final[Mapping[str, float]] = {"prepaid": 1.0, "debit": 1.0, "credit": 0.5}
BOUND_UNKNOWN: Final = 0.8

# A pay day is big if at least this part of those paid on the biggest get money on it.
BIG_SHARE: Final = 0.5
LONGEST_AGO: Final = 30

SATURDAY, SUNDAY = 5, 6
FRIDAY_WEEKENDS: Final = frozenset("SA EG KW QA BH OM JO DZ BD IL".split())
NO_DAYS: Final = frozenset[date]()


class PayDay(Struct, frozen=True, gc=False):
    """A working day and the share of people (0 to 1) who get money on it."""

    day: date
    weight: float


def likely_pay_days(
    country: str | None,
    funding: str | None,
    first: date,
    last: date,
    holidays: tuple[date, ...] = (),
) -> tuple[PayDay, ...]:
    """The likely pay days from `first` to `last`, both included, in their order, each once.

    `country` is ISO 3166 alpha-2, `funding` Stripe's word for the kind of card; unknown ones are
    fine. A pay day on a weekend or one of `holidays` moves to the working day before.
    """
    weights: dict[date, float] = {}
    bound = BOUND_TO_PAY.get(funding or "", BOUND_UNKNOWN)
    closed = frozenset(holidays)
    # A pay day of the next month can move back into this one, over a weekend and holidays.
    for day, weight in _nominal(country, closed, first, last + timedelta(days=31)):
        working = working_day_before(day, country, closed)
        if first <= working <= last:
            weights[working] = weights.get(working, 0.0) + weight * bound
    return tuple(PayDay(day, min(1.0, weights[day])) for day in sorted(weights))


def working_day_before(day: date, country: str | None, holidays: frozenset[date]) -> date:
    """`day` itself if banks work on it, else the last day before on which they do."""
    while not is_working_day(day, country, holidays):
        day -= timedelta(days=1)
    return day


def is_working_day(day: date, country: str | None, holidays: frozenset[date] = NO_DAYS) -> bool:
    """Whether banks work: no weekend of that country and none of `holidays`."""
    weekend = (4, SATURDAY) if country in FRIDAY_WEEKENDS else (SATURDAY, SUNDAY)
    return day.weekday() not in weekend and day not in holidays


def _nominal(
    country: str | None, holidays: frozenset[date], first: date, last: date
) -> Iterator[tuple[date, float]]:
    """Pay days as the rules name them, working days or not, of every month touched."""
    rules = RULES.get(country or "", ELSEWHERE)
    month = first.replace(day=1)
    while month <= last:
        days = _days_of(month)
        working = [day for day in days if is_working_day(day, country, holidays)]
        for kind, number, weight in rules:
            yield from ((day, weight) for day in _by_rule(kind, number, days, working))
        month = days[-1] + timedelta(days=1)


def _by_rule(kind: str, number: int, days: list[date], working: list[date]) -> list[date]:
    """The days of one month that a rule names."""
    if kind == "weekday":
        return [day for day in days if day.weekday() == number]
    if kind == "day":
        return [days[number - 1]] if number <= len(days) else [days[-1]]
    return [working[number - 1] if kind == "first" else working[-number]]


def _days_of(month: date) -> list[date]:
    following = (month + timedelta(days=31)).replace(day=1)
    return [month + timedelta(days=n) for n in range((following - month).days)]


class PayCalendar(NamedTuple):
    """What the days around one year look like, by the place of a day.

    `paid` is the sum of all pay-day weights up to that day, in twentieths: the difference of two
    days is the share of people (those paid twice counting twice) who got money in between. `since`
    is how many days ago the latest big pay day was, 0 on the day itself, at most `LONGEST_AGO`.
    """

    start: int
    paid: tuple[int, ...]
    since: tuple[int, ...]

    def place(self, ordinal: int, hour: int) -> int:
        """The place of a local day (`date.toordinal()`) at a local hour: before the bank has
        posted, the day before counts. A day far outside is read as the nearest one known."""
        place = ordinal - self.start - (hour < POSTED_BY_HOUR)
        return max(0, min(len(self.paid) - 1, place))


@lru_cache(maxsize=512)
def pay_calendar(
    country: str | None, funding: str | None, year: int, holidays: tuple[date, ...] = ()
) -> PayCalendar:
    """The likely pay days of a year with four months on either side, ready to be looked up."""
    first, last = date(year - 1, 9, 1), date(year + 1, 4, 30)
    pay_days = likely_pay_days(country, funding, first, last, holidays)
    weights = {pay_day.day.toordinal(): pay_day.weight for pay_day in pay_days}
    big = max(weights.values()) * BIG_SHARE
    ordinals = range(first.toordinal(), last.toordinal() + 1)
    since, days_ago = [], LONGEST_AGO
    for ordinal in ordinals:
        days_ago = 0 if weights.get(ordinal, 0.0) >= big else min(LONGEST_AGO, days_ago + 1)
        since.append(days_ago)
    paid = accumulate(weights.get(ordinal, 0.0) for ordinal in ordinals)
    return PayCalendar(ordinals.start, tuple(round(20 * share) for share in paid), tuple(since))
