"""How sure a sum over strata is: chance, leaning on neighbours, and what nobody knows.

Chance: the delta method over the groups of persons, so that cases of one person may hang together
(a grouped sandwich estimator); never less than independent tries would give. Leaning: the spread
between strata that empirical Bayes found, and how far neighbours of an inferred stratum lie apart.
Nobody knows: each unknown stratum at its worst and at its best for the sum.

What nobody knows and chance add up, but the truth cannot lie beyond both ends at once: the wider
the one, the nearer to a one-sided interval each end may be (Imbens and Manski 2004).
"""

from collections.abc import Iterator, Sequence
from math import sqrt
from statistics import NormalDist
from typing import Final

from domain.backtest.hazards import Hazards
from domain.backtest.strata import STRATA, family_of_stratum
from domain.backtest.tally import GROUPS, Tally
from domain.backtest.traits import Counts, leaned

# The 97.5 % quantile of Student's t with GROUPS - 1 = 31 degrees of freedom.
QUANTILE: Final = 2.04
CONFIDENCE: Final = 0.95
NORMAL: Final = NormalDist()
# What Student's t asks for more than the normal distribution does.
WIDER: Final = QUANTILE / NORMAL.inv_cdf((1 + CONFIDENCE) / 2)
HALVINGS: Final = 40


def quantile(unknown: float, deviated: float) -> float:
    """How many deviations to go beyond ends that lie `unknown` apart, for 95 % of truths between
    them to be held: QUANTILE where the ends are one, less the farther they lie apart."""
    if not deviated:
        return QUANTILE
    low, high = NORMAL.inv_cdf(CONFIDENCE), NORMAL.inv_cdf((1 + CONFIDENCE) / 2)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        held = NORMAL.cdf(middle + unknown / deviated) - NORMAL.cdf(-middle)
        low, high = (middle, high) if held < CONFIDENCE else (low, middle)
    return WIDER * high


def deviation(slopes: Sequence[float], hazards: Hazards, tally: Tally) -> float:
    """The standard deviation of a sum that hangs on the strata by `slopes`."""
    groups = [0.0] * GROUPS
    alone = leaning = 0.0
    for stratum in range(STRATA):
        slope = slopes[stratum]
        if slope == 0.0 or hazards.is_open(stratum):
            continue
        tries, rate = hazards.tries[stratum], hazards.rates[stratum]
        weight = hazards.leaning_of(stratum)
        own = slope / (tries + weight)
        noise = rate * (1 - rate)
        alone += own * own * tries * noise
        spread = hazards.spread[stratum]
        if spread is None:
            leaning += own * own * weight * noise
        else:
            leaning += (slope * spread) ** 2
        if tries:
            _add_residuals(groups, own, stratum, tally)
    for trait, lean in leaned(_parts(slopes, hazards)).items():
        _add_trait(groups, lean, hazards.traits[trait], tally)
    mean = sum(groups) / GROUPS
    together = sum((one - mean) ** 2 for one in groups) * GROUPS / (GROUPS - 1)
    return sqrt(max(together, alone) + leaning)


def extremes(slopes: Sequence[float], hazards: Hazards) -> tuple[list[float], list[float]]:
    """The chances at which the sum is least, and greatest, by what is unknown."""
    low, high = list(hazards.rates), list(hazards.rates)
    for stratum in range(STRATA):
        slope = slopes[stratum]
        if slope == 0.0 or not hazards.is_open(stratum):
            continue
        best = hazards.best[family_of_stratum(stratum)]
        low[stratum], high[stratum] = (0.0, best) if slope > 0 else (best, 0.0)
    return low, high


def _add_residuals(groups: list[float], own: float, stratum: int, tally: Tally) -> None:
    """What each group's own tries in a stratum moved its rate by, times the slope."""
    first = stratum * GROUPS
    tries, won = tally.tries[first : first + GROUPS], tally.won[first : first + GROUPS]
    rate = sum(won) / sum(tries)
    for group in range(GROUPS):
        groups[group] += own * (won[group] - rate * tries[group])


def _parts(slopes: Sequence[float], hazards: Hazards) -> Iterator[tuple[int, float]]:
    """By stratum: what the sum changes by if what is expected of it grows in proportion."""
    for stratum in range(STRATA):
        slope = slopes[stratum]
        if slope != 0.0 and not hazards.is_open(stratum):
            weight = hazards.leaning_of(stratum)
            part = weight / (hazards.tries[stratum] + weight)
            yield stratum, slope * part * hazards.expected[stratum]


def _add_trait(groups: list[float], lean: float, trait: Counts, tally: Tally) -> None:
    """What each group's tries moved a trait's rate by, times how the sum leans on it."""
    if not trait.won:
        return
    if not trait.off:
        trait.off = _off(trait, tally)
    for group, off in enumerate(trait.off):
        groups[group] += lean / trait.won * off


def _off(trait: Counts, tally: Tally) -> list[float]:
    """By group: successes beyond those that the trait's rate lets one expect."""
    found, rate = [0.0] * GROUPS, trait.rate
    for stratum in trait.strata:
        of_groups = slice(stratum * GROUPS, (stratum + 1) * GROUPS)
        for group, (won, tries) in enumerate(
            zip(tally.won[of_groups], tally.tries[of_groups], strict=True)
        ):
            found[group] += won - rate * tries
    return found
