"""The instants at which a case could be charged, each with its odds.

The model is additive, so the work is split: what depends on the case is summed once, the best local
hour is found once, and each day adds its own buckets. What depends on the charge before (the time
and the pay days in between) stays apart as factors, for `search` to combine.
"""

from datetime import UTC, date, datetime, timedelta
from math import exp, sqrt
from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from domain.calendar.paydays import LONGEST_AGO, PayCalendar
from domain.timing import features as f
from domain.timing.knowledge import Knowledge
from domain.timing.situation import Situation

# Beside the best hour of each day, these waits after the earliest moment are looked at: what is
# temporary heals within hours.
SOON: Final = tuple(timedelta(hours=hours) for hours in (0, 2, 6, 12))
# Each day is looked at for this long; of later days only the better of every two, for they will be
# looked at again when they come near.
EVERY_DAY_FOR: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)

Reading = tuple[float, float]  # mean and variance
T = TypeVar("T")


class Instant(NamedTuple):
    """One candidate: `odds` are the mean's, `tried` those that exploration shows to the search.

    Both lack the factors of the charge before and of the number of retries.
    """

    at: datetime
    hours: int  # since the last try
    odds: float
    tried: float
    paid: int  # twentieths of people paid so far, for differences


class Outlook(NamedTuple):
    """All candidates in their order, and the factors between two charges."""

    instants: list[Instant]
    first: list[float]  # odds factor of each candidate as the next charge
    by_gap: list[float]  # odds factor by whole hours since a planned charge before
    by_share: list[float]  # odds factor by twentieths of people paid since the charge before
    by_retry: list[float]  # odds factor by how many more retries were made by then, from 0


class _Weights(NamedTuple):
    """What every candidate of one case shares: the sums and tables that do not change by day."""

    situation: Situation
    zone: ZoneInfo
    calendar: PayCalendar
    boldness: float  # by how many of its own standard deviations an uncertain instant is raised
    case: float  # log-odds of what does not depend on the instant
    hour: list[Reading]  # by local hour
    weekday: list[Reading]
    month_day: dict[int, Reading]
    since: list[Reading]  # by whole days since the first refusal
    pay_day: list[Reading]  # by days since the latest big pay day


class Range(NamedTuple):
    """From where to where candidates are looked for, and how."""

    earliest: datetime
    end: datetime  # itself excluded
    tries: int  # how many charges can still be planned
    holidays: tuple[date, ...] = ()
    boldness: float = 0.0  # by how many of its standard deviations an uncertain instant is raised


def outlook(situation: Situation, knowledge: Knowledge, within: Range) -> Outlook:
    """The candidates, and what charges before them do to them."""
    weights = _weights(situation, knowledge, within)
    instants = _thinned(_all(weights, within), within.earliest + EVERY_DAY_FOR)
    local_last = situation.last_try_at.astimezone(weights.zone)
    last_try = _instant(weights, situation.last_try_at, local_last)
    family, made, read = f.family_key(situation), situation.tries, knowledge.reading
    by_retry = [exp(read(f.retries_key(family, made + more))[0]) for more in range(within.tries)]
    farthest = instants[-1].hours + 1
    gaps = _factors(knowledge, "gap", family, f.GAP_HOURS, farthest)
    shares = _factors(
        knowledge, "paid", family, f.PAID_SHARES, instants[-1].paid - last_try.paid + 1
    )
    first_refusal = f.hours_between(situation.failed_at, situation.last_try_at)
    paces = _factors(knowledge, "pace", family, f.PACE_HOURS, first_refusal + farthest + 1)
    return Outlook(
        instants=instants,
        first=[
            gaps[i.hours]
            * shares[i.paid - last_try.paid]
            * paces[(i.hours + first_refusal) // (made + 1)]
            * by_retry[0]
            for i in instants
        ],
        # The pace of charges to come is not known; as if all kept the gap of the one at hand.
        by_gap=[gap * pace for gap, pace in zip(gaps, paces, strict=False)],
        by_share=shares,
        by_retry=by_retry,
    )


def _factors(
    knowledge: Knowledge, kind: str, family: str, bounds: tuple[int, ...], length: int
) -> list[float]:
    """The odds factor of every whole number below `length`."""
    means = [knowledge.reading((kind, family, band))[0] for band in range(len(bounds) + 1)]
    return _stretched([exp(mean) for mean in means], bounds, length)


def _weights(situation: Situation, knowledge: Knowledge, within: Range) -> _Weights:
    read, family, country = knowledge.reading, f.family_key(situation), situation.country or "?"
    pay_days = [read(("pay_day", family, band)) for band in range(len(f.PAY_DAY_AGES) + 1)]
    since = [read(("since", family, band)) for band in range(len(f.SINCE_DAYS) + 1)]
    return _Weights(
        situation=situation,
        zone=f.zone_of(situation.timezone),
        calendar=f.calendar_of(situation, within.holidays),
        boldness=within.boldness,
        case=sum([read(key)[0] for key in f.case_keys(situation)]),
        hour=_by_hour(knowledge, family),
        weekday=[
            _plus(read(("weekday", family, n)), read(("weekday_in", country, n))) for n in range(7)
        ],
        month_day={
            n: _plus(read(("month_day", family, n)), read(("month_day_in", country, n)))
            for n in f.MONTH_DAYS
        },
        since=_stretched(since, f.SINCE_DAYS, (within.end - situation.failed_at).days + 1),
        pay_day=_stretched(pay_days, f.PAY_DAY_AGES, LONGEST_AGO + 1),
    )


def _by_hour(knowledge: Knowledge, family: str) -> list[Reading]:
    read = knowledge.reading
    return [
        _plus(read(part), read(itself))
        for part, itself in (f.hour_keys(family, hour) for hour in range(24))
    ]


def _all(weights: _Weights, within: Range) -> list[Instant]:
    """The first hours, and the best local hour of every day; in their order, each once."""
    zone, earliest, end = weights.zone, within.earliest, within.end
    found = {}
    for wait in SOON:
        if (at := earliest + wait) < end:
            found[at] = _instant(weights, at, at.astimezone(zone))
    local = earliest.astimezone(zone).replace(
        hour=_best_hour(weights), minute=0, second=0, microsecond=0, fold=0
    )
    while (at := local.astimezone(UTC)) < end:
        if at >= earliest:
            found[at] = _instant(weights, at, local)
        local += DAY  # on the wall clock; an hour that a change skips is taken after the change
    return [found[at] for at in sorted(found)]


def _best_hour(weights: _Weights) -> int:
    """The local hour that is best by experience; the earliest of equals."""
    boldness = weights.boldness
    worths = [mean + boldness * sqrt(variance) for mean, variance in weights.hour]
    return worths.index(max(worths))


def _instant(weights: _Weights, at: datetime, local: datetime) -> Instant:
    """`local` is `at` on the wall clock."""
    calendar, since_first = weights.calendar, (at - weights.situation.failed_at).days
    hour = local.hour
    day = calendar.place(local.toordinal(), hour)
    parts = (
        weights.hour[hour],
        weights.weekday[local.weekday()],
        weights.month_day[f.day_of_month(local)],
        weights.since[since_first],
        weights.pay_day[calendar.since[day]],
    )
    mean = weights.case
    variance = 0.0
    for part in parts:
        mean += part[0]
        variance += part[1]
    return Instant(
        at,
        f.hours_between(weights.situation.last_try_at, at),
        exp(mean),
        exp(mean + weights.boldness * sqrt(variance)),
        calendar.paid[day],
    )


def _thinned(instants: list[Instant], dense_until: datetime) -> list[Instant]:
    """All that are near, and of those farther off the better of each two."""
    near = [instant for instant in instants if instant.at < dense_until]
    far = instants[len(near) :]
    better = [
        one if one.tried >= other.tried else other
        for one, other in zip(far[::2], far[1::2], strict=False)
    ]
    return near + better + far[len(better) * 2 :]


def _plus(one: Reading, other: Reading) -> Reading:
    return one[0] + other[0], one[1] + other[1]


def _stretched(bands: list[T], bounds: tuple[int, ...], length: int) -> list[T]:
    """The value of its band for every whole number below `length`; bounds are exclusive."""
    values: list[T] = []
    for band, bound in zip(bands, (*bounds, length), strict=True):
        values += [band] * (bound - len(values))
    return values
