"""How much more comes back with us: the difference of two groups that chance has made.

The interval is an asymptotic confidence sequence (Robbins' normal mixture on the estimated
variance: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021): it may be looked at after every
customer and still holds in at least 95 of 100 experiments. `docs/decisions/0011-lift.md` says why.
"""

from enum import StrEnum
from math import log, sqrt
from typing import Final

from msgspec import Struct

from domain.attribution.groups import Group

LEVEL: Final = 0.05  # how often an interval may be wrong at any look
LIKELY: Final = 0.1  # where the sequence is narrowest: a difference of ten points is worth finding
LEAST: Final = 10  # customers in each group, by weight, before the sums are near enough to normal
MILLION: Final = 1_000_000


class Verdict(StrEnum):
    """What may be said of a difference; each is a sentence on the pages."""

    NO_COMPARISON = "no_comparison"  # one group is empty: nobody was held out
    TOO_EARLY = "too_early"  # fewer than ten customers in a group
    UNDECIDED = "undecided"  # too early to tell: zero is still possible
    MORE = "more"
    LESS = "less"


class Lift(Struct, frozen=True, kw_only=True):
    """Two shares in percent and their difference in points, with its interval.

    Before anything may be said the interval is all that is possible, from -100 to 100.
    """

    treated: int  # customers
    control: int
    treated_percent: float
    control_percent: float
    points: float
    low: float
    high: float
    verdict: Verdict


class Extra(Struct, frozen=True, kw_only=True):
    """The money that would not have come otherwise: the lift times what was at risk.

    Minor units of one currency. `at_risk_minor` counts each customer up to the cap.
    """

    at_risk_minor: int
    extra_minor: int
    low_minor: int
    high_minor: int


def compare(treated: Group, control: Group, level: float = LEVEL) -> Lift:
    """The lift of one group over another, whether hold-out or arm, at any look; constant time.

    `level` is the chance, over all looks together, that the interval misses the truth; whoever
    makes several comparisons at once divides it by their number.
    """
    points = treated.share - control.share
    low, high, verdict = -1.0, 1.0, _before(treated, control)
    if verdict is None:
        low, high = _interval(treated, control, level)
        verdict = _verdict(low, high)
    return Lift(
        treated=treated.customers,
        control=control.customers,
        treated_percent=100 * treated.share,
        control_percent=100 * control.share,
        points=100 * points,
        low=100 * low,
        high=100 * high,
        verdict=verdict,
    )


def _before(treated: Group, control: Group) -> Verdict | None:
    """Why nothing may be said yet, if so."""
    if not treated.customers or not control.customers:
        return Verdict.NO_COMPARISON
    if treated.effective < LEAST or control.effective < LEAST:
        return Verdict.TOO_EARLY
    return None


def _verdict(low: float, high: float) -> Verdict:
    if low > 0:
        return Verdict.MORE
    return Verdict.LESS if high < 0 else Verdict.UNDECIDED


def _interval(treated: Group, control: Group, level: float) -> tuple[float, float]:
    mean_of_treated, noise_of_treated = _smoothed(treated)
    mean_of_control, noise_of_control = _smoothed(control)
    middle = mean_of_treated - mean_of_control
    noise = noise_of_treated + noise_of_control
    prior = LIKELY * LIKELY
    spread = sqrt(noise * (1 + noise / prior) * (2 * log(1 / level) + log(1 + prior / noise)))
    return max(middle - spread, -1.0), min(middle + spread, 1.0)


def _smoothed(group: Group) -> tuple[float, float]:
    """Mean and its variance, as if one more had paid and one more had not (Agresti and Caffo 2000).

    Without these two, ten customers who all paid would pass for certainty.
    """
    one = group.squares / group.weight  # the weight of a typical unit of money
    weight = group.weight + 2 * one
    mean = (group.weighted + one) / weight
    seen = group.squares_xx - 2 * mean * group.squares_x + mean * mean * group.squares
    added = one * one * (mean * mean + (1 - mean) * (1 - mean))
    return mean, (max(seen, 0.0) + added) / (weight * weight)


def extra(lift: Lift, treated: Group) -> Extra:
    """What a lift in money is worth, where `treated` is weighed in minor units."""
    return Extra(
        at_risk_minor=round(treated.weight),
        extra_minor=round(lift.points / 100 * treated.weight),
        low_minor=round(lift.low / 100 * treated.weight),
        high_minor=round(lift.high / 100 * treated.weight),
    )


def anyway_per_million(lift: Lift) -> int | None:
    """Of each million that came from treated customers, what would have come without us.

    None while the groups are too small to say.
    """
    if lift.verdict in (Verdict.NO_COMPARISON, Verdict.TOO_EARLY) or not lift.treated_percent:
        return None
    return min(round(MILLION * lift.control_percent / lift.treated_percent), MILLION)
