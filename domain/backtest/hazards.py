"""What each stratum's tries came to: the estimate, how sure it is, and where nobody knows.

A stratum's rate leans on what its traits let one expect (see `traits`), as far as the family's
strata keep to that (empirical Bayes by moments: the less they stray, the more they lean), so a
well-tried stratum speaks for itself.

Below a least number of tries a stratum is inferred from its traits, if the history tried each of
them often enough (such days, such hours, such pay days, such a number) and one of its neighbours is
known; how far those lie apart is added to the doubt. Where the history never tried a trait (an
hour, a second message) nothing is claimed: the truth may be anything from 0 to the best rate that
was seen in the family.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

from msgspec import Struct

from domain.backtest.neighbours import NEIGHBOURS
from domain.backtest.strata import CHARGES, FAMILIES, STRATA, family_of_stratum
from domain.backtest.tally import GROUPS, Tally
from domain.backtest.traits import TRAITS, WHOLE, Counts, Trait, counted, expected

LEAST_TRIES: Final = 5
LEAST_DAYS: Final = 20  # of customers' days: their rates are small
THIN: Final = 30  # below this a stratum is said to lean on its neighbours
# What its traits count for in tries, at least and at most: strata differ by design, and what is
# shrunk away is a bias.
LEANING: Final = (2.0, 20.0)
LEANING_DAYS: Final = (5.0, 100.0)
# How often each trait of an inferred stratum must have been tried in its family.
TRAIT_TRIES: Final = 20
TRAIT_DAYS: Final = 100


class Hazards(Struct, frozen=True, kw_only=True):
    """Chances by stratum, dense lists; `known` says where data speaks, `best` what was ever seen.

    `expected` is what the traits let one expect, `leaning` what that counts for in tries. `spread`
    is how far off an inferred chance may be (a standard deviation), None elsewhere. `barred` is the
    chance, by family, that a refusal ends all charging of the card.
    """

    tries: Sequence[int]
    rates: Sequence[float]
    expected: Sequence[float]
    leaning: Sequence[float]  # by family, as `family_of_stratum`
    known: Sequence[bool]
    spread: Sequence[float | None]
    best: Sequence[float]
    barred: Sequence[float]
    traits: dict[Trait, Counts]

    def is_open(self, stratum: int) -> bool:
        """Whether nobody can know: neither tried nor to be inferred."""
        return not self.known[stratum] and self.spread[stratum] is None

    def leaning_of(self, stratum: int) -> float:
        """For how many tries its traits count."""
        return self.leaning[family_of_stratum(stratum)]


def hazards_of(tally: Tally) -> Hazards:
    """Estimates for all strata."""
    tries, won = _sums(tally.tries), _sums(tally.won)
    traits = counted(tries, won)
    means = expected(tries, traits)
    leaning = [_leaning(family, tries, won, means, traits) for family in range(2 * len(FAMILIES))]
    weights = [leaning[family_of_stratum(stratum)] for stratum in range(STRATA)]
    rates = [
        (successes + weight * mean) / (number + weight)
        for number, successes, mean, weight in zip(tries, won, means, weights, strict=True)
    ]
    known = [tries[stratum] >= least_of(stratum) for stratum in range(STRATA)]
    tried = [_is_tried(stratum, traits) for stratum in range(STRATA)]
    spread = [
        None
        if known[stratum] or not tried[stratum]
        else _spread(stratum, tries, rates, known, weights[stratum])
        for stratum in range(STRATA)
    ]
    best = _best(tries, rates, known)
    return Hazards(
        tries=tries,
        rates=[
            rate
            if known[stratum] or spread[stratum] is not None
            else min(rate, best[family_of_stratum(stratum)])  # no guess beyond what is possible
            for stratum, rate in enumerate(rates)
        ],
        expected=means,
        leaning=leaning,
        known=known,
        spread=spread,
        best=best,
        barred=[
            ended / refused if refused else 0.0
            for ended, refused in zip(tally.barred, tally.refused, strict=True)
        ],
        traits=traits,
    )


def least_of(stratum: int) -> int:
    """How many tries it takes before a stratum speaks for itself."""
    return LEAST_TRIES if stratum < CHARGES else LEAST_DAYS


def _sums(counts: Sequence[int]) -> list[int]:
    return [sum(counts[at : at + GROUPS]) for at in range(0, len(counts), GROUPS)]


def _leaning(
    family: int,
    tries: Sequence[int],
    won: Sequence[int],
    means: Sequence[float],
    traits: dict[Trait, Counts],
) -> float:
    """By how much the family's strata stray from their traits beyond what chance does to them."""
    strata = traits[family, WHOLE, 0].strata
    low, high = LEANING if family < len(FAMILIES) else LEANING_DAYS
    noises = [means[stratum] * (1 - means[stratum]) for stratum in strata]
    found = sum(
        tries[stratum] * (won[stratum] / tries[stratum] - means[stratum]) ** 2 for stratum in strata
    )
    room = sum(tries[stratum] for stratum in strata)
    strayed = found - sum(noises)
    if strayed <= 0:
        return high
    return min(high, max(low, sum(noises) / len(noises) * room / strayed))


def _is_tried(stratum: int, traits: dict[Trait, Counts]) -> bool:
    """Whether the history tried each of its traits often enough, whatever the others were."""
    enough = TRAIT_TRIES if stratum < CHARGES else TRAIT_DAYS
    return all(traits[trait].tries >= enough for trait in TRAITS[stratum])


def _spread(
    stratum: int,
    tries: Sequence[int],
    rates: Sequence[float],
    known: Sequence[bool],
    weight: float,
) -> float | None:
    """How far off an inferred chance may be: as strata stray, and by the range of the known
    neighbours, within which all is as likely; None without such a neighbour."""
    near = [one for along in NEIGHBOURS[stratum] for one in along if known[one]]
    if not near:
        return None
    doubts = [sqrt(rates[one] * (1 - rates[one]) / tries[one]) for one in near]
    low = min(rates[one] - doubt for one, doubt in zip(near, doubts, strict=True))
    high = max(rates[one] + doubt for one, doubt in zip(near, doubts, strict=True))
    rate = rates[stratum]
    return sqrt((high - low) ** 2 / 12 + rate * (1 - rate) / weight)


def _best(tries: Sequence[int], rates: Sequence[float], known: Sequence[bool]) -> list[float]:
    """By family: the best rate of a well-tried stratum; of a known one where none is well tried;
    1 where none is known."""
    well, tried = [0.0] * (2 * len(FAMILIES)), [0.0] * (2 * len(FAMILIES))
    for stratum, rate in enumerate(rates):
        family = family_of_stratum(stratum)
        if known[stratum]:
            tried[family] = max(tried[family], rate)
        if tries[stratum] >= THIN:
            well[family] = max(well[family], rate)
    return [one or other or 1.0 for one, other in zip(well, tried, strict=True)]
