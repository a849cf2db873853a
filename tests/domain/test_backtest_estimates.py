"""Estimates of chances and how sure they are, beside the formulas as they are written down."""

from functools import cache
from math import sqrt
from random import Random
from statistics import fmean, variance

import pytest

from domain.backtest.hazards import Hazards, _is_tried, hazards_of
from domain.backtest.interval import deviation, extremes
from domain.backtest.neighbours import NEIGHBOURS
from domain.backtest.strata import (
    CHARGES,
    FAMILIES,
    PER_FAMILY,
    QUIET_PER_FAMILY,
    STRATA,
    family_of_stratum,
)
from domain.backtest.tally import GROUPS, Tally
from domain.backtest.traits import TRAITS, WHOLE, counted, leaned, traits_of, whole_of

TRIES = (0, 0, 4, 5, 6, 19, 20, 21, 29, 30, 31, 60)
SEEDS = range(4)


@cache
def drawn(seed: int) -> Tally:
    """Two families: one that was tried at most instants, one at few."""
    random, tally = Random(seed), Tally()
    strata = [*range(PER_FAMILY), *random.sample(range(PER_FAMILY, 2 * PER_FAMILY), 12)]
    strata += range(CHARGES, CHARGES + 2 * QUIET_PER_FAMILY)
    for stratum in strata:
        chance = random.uniform(0.05, 0.6)
        for _ in range(random.choice(TRIES)):
            at = stratum * GROUPS + random.randrange(GROUPS)
            tally.tries[at] += 1
            tally.won[at] += random.random() < chance
    tally.refused[0], tally.barred[0] = 50, 10
    return tally


def summed(counts: list[int]) -> list[int]:
    return [sum(counts[stratum * GROUPS : (stratum + 1) * GROUPS]) for stratum in range(STRATA)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_family_leans_by_the_moments_of_how_far_its_strata_stray(seed: int) -> None:
    """What chance alone does to n (p - m)² is m (1 - m); what is beyond it is the strata's own."""
    tally = drawn(seed)
    tries, won, hazards = summed(tally.tries), summed(tally.won), hazards_of(tally)
    bounds = {
        family: (2.0, 20.0) if family < len(FAMILIES) else (5.0, 100.0) for family in range(16)
    }
    between = 0
    for family, (low, high) in bounds.items():
        strata = [s for s in range(STRATA) if tries[s] and family_of_stratum(s) == family]
        noises = [hazards.expected[s] * (1 - hazards.expected[s]) for s in strata]
        found = [tries[s] * (won[s] / tries[s] - hazards.expected[s]) ** 2 for s in strata]
        beyond = sum(found) - sum(noises)
        weight = fmean(noises) * sum(tries[s] for s in strata) / beyond if beyond > 0 else high
        assert hazards.leaning[family] == pytest.approx(min(high, max(low, weight)))
        between += low < weight < high
    assert between


@pytest.mark.parametrize("seed", SEEDS)
def test_a_chance_is_what_was_seen_and_its_traits_as_so_many_tries_more(seed: int) -> None:
    tally = drawn(seed)
    tries, won, hazards = summed(tally.tries), summed(tally.won), hazards_of(tally)
    for stratum in range(STRATA):
        weight = hazards.leaning_of(stratum)
        rate = (won[stratum] + weight * hazards.expected[stratum]) / (tries[stratum] + weight)
        if hazards.is_open(stratum):
            rate = min(rate, hazards.best[family_of_stratum(stratum)])
        assert hazards.rates[stratum] == pytest.approx(rate)
        assert hazards.known[stratum] == (tries[stratum] >= (5 if stratum < CHARGES else 20))
    assert hazards.barred == [0.2, *[0.0] * (len(FAMILIES) - 1)]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_doubt_of_an_inferred_chance_is_its_neighbours_range_and_how_strata_stray(
    seed: int,
) -> None:
    hazards = hazards_of(drawn(seed))
    inferred = [s for s in range(STRATA) if hazards.spread[s] is not None]
    assert inferred
    for stratum in inferred:
        near = [n for along in NEIGHBOURS[stratum] for n in along if hazards.known[n]]
        rates = {n: hazards.rates[n] for n in near}
        doubts = {n: sqrt(rates[n] * (1 - rates[n]) / hazards.tries[n]) for n in near}
        width = max(rates[n] + doubts[n] for n in near) - min(rates[n] - doubts[n] for n in near)
        rate = hazards.rates[stratum]
        strays = rate * (1 - rate) / hazards.leaning_of(stratum)
        assert hazards.spread[stratum] == pytest.approx(sqrt(width**2 / 12 + strays))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_that_is_thought_possible_is_a_rate_that_was_seen(seed: int) -> None:
    """Of strata tried thirty times; else of any that is known; else nobody can exclude a sure
    success."""
    hazards = hazards_of(drawn(seed))
    for family, best in enumerate(hazards.best):
        strata = [s for s in range(STRATA) if family_of_stratum(s) == family]
        well = [hazards.rates[s] for s in strata if hazards.tries[s] >= 30]
        known = [hazards.rates[s] for s in strata if hazards.known[s]]
        assert best == max(well or known or [1.0])


def test_a_stratum_tried_thirty_times_is_well_tried() -> None:
    for tried, best in ((30, 0), (29, 1)):
        tally = Tally()
        for stratum, tries, won in ((0, tried, 3), (1, 10, 9)):
            tally.tries[stratum * GROUPS], tally.won[stratum * GROUPS] = tries, won
        hazards = hazards_of(tally)
        assert hazards.best[0] == hazards.rates[best]


@pytest.mark.parametrize(("stratum", "enough"), [(7, 20), (CHARGES - 1, 20), (CHARGES, 100)])
def test_a_trait_counts_as_tried_from_a_number_of_tries_on(stratum: int, enough: int) -> None:
    for tries, tried in ((enough, True), (enough - 1, False)):
        all_tries = [tries if one == stratum else 0 for one in range(STRATA)]
        assert _is_tried(stratum, counted(all_tries, [0] * STRATA)) is tried


def by_the_book(slopes: list[float], hazards: Hazards, tally: Tally) -> float:
    """The grouped sandwich, never less than independent tries; and what leaning adds."""
    groups, alone, leaning = [0.0] * GROUPS, 0.0, 0.0
    parts = []
    for stratum, slope in enumerate(slopes):
        if slope == 0.0 or hazards.is_open(stratum):
            continue
        tries, weight = hazards.tries[stratum], hazards.leaning_of(stratum)
        rate, spread = hazards.rates[stratum], hazards.spread[stratum]
        own = slope / (tries + weight)
        parts.append((stratum, own * weight * hazards.expected[stratum]))
        alone += own**2 * tries * rate * (1 - rate)
        leaning += own**2 * weight * rate * (1 - rate) if spread is None else (slope * spread) ** 2
        add_influence(groups, [stratum], own, tally)
    for trait, lean in leaned(parts).items():
        if hazards.traits[trait].won:
            strata = hazards.traits[trait].strata
            add_influence(groups, strata, lean / hazards.traits[trait].won, tally)
    return sqrt(max(variance(groups) * GROUPS, alone) + leaning)


def add_influence(groups: list[float], strata: list[int], factor: float, tally: Tally) -> None:
    """Each group's successes beyond what the rate of these strata together lets one expect."""
    of = [range(stratum * GROUPS, (stratum + 1) * GROUPS) for stratum in strata]
    tries = sum(tally.tries[at] for one in of for at in one)
    rate = sum(tally.won[at] for one in of for at in one) / tries if tries else 0.0
    for group in range(GROUPS):
        ats = [one[group] for one in of]
        groups[group] += factor * sum(tally.won[at] - rate * tally.tries[at] for at in ats)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_deviation_of_a_sum_is_the_books(seed: int) -> None:
    tally = drawn(seed)
    hazards, random = hazards_of(tally), Random(seed)
    slopes = [random.choice((0.0, 1.0, random.uniform(-3, 3))) for _ in range(STRATA)]
    assert deviation(slopes, hazards, tally) == pytest.approx(by_the_book(slopes, hazards, tally))


def test_groups_that_are_all_alike_do_not_make_a_sum_surer_than_its_tries() -> None:
    tally = Tally()
    for stratum in (0, 1, 2, PER_FAMILY):
        for at in range(stratum * GROUPS, (stratum + 1) * GROUPS):
            tally.tries[at], tally.won[at] = 10, 3
    hazards = hazards_of(tally)
    slopes = [3.0, -0.5, 0.25, *[0.0] * (STRATA - 3)]
    slopes[PER_FAMILY] = 0.125
    tries = 320 + 20  # of each stratum: its own, and those that its traits count for
    alone = sqrt(0.3 * 0.7 / tries * sum(slope**2 for slope in slopes))
    assert deviation(slopes, hazards, tally) == pytest.approx(alone)


def test_what_nobody_knows_is_taken_at_its_worst_and_at_its_best() -> None:
    tally = Tally()
    tally.tries[0], tally.won[0] = 40, 10
    hazards = hazards_of(tally)
    for_it, against_it = PER_FAMILY - 1, PER_FAMILY - 2
    slopes = [0.0] * STRATA
    slopes[0], slopes[for_it], slopes[against_it] = 2.0, 0.5, -0.5
    low, high = extremes(slopes, hazards)
    assert hazards.best[0] == hazards.rates[0] == low[0] == high[0]
    assert (low[for_it], high[for_it]) == (0.0, hazards.best[0])
    assert (low[against_it], high[against_it]) == (hazards.best[0], 0.0)
    assert low[3:20] == high[3:20] == list(hazards.rates[3:20])


def test_the_table_of_traits_is_what_its_rule_makes() -> None:
    assert tuple(traits_of(stratum) for stratum in range(STRATA)) == TRAITS
    assert (
        len({(family_of_stratum(stratum), *TRAITS[stratum]) for stratum in range(STRATA)}) == STRATA
    )


def test_all_traits_there_are_are_counted_and_no_others() -> None:
    counts = counted([1] * STRATA, [1] * STRATA)
    there_are = {whole_of(stratum) for stratum in range(STRATA)}
    there_are |= {trait for traits in TRAITS for trait in traits}
    assert set(counts) == there_are
    of_whole = [counts[trait].tries for trait in sorted(counts) if trait[1] == WHOLE]
    assert of_whole == [PER_FAMILY] * len(FAMILIES) + [QUIET_PER_FAMILY] * len(FAMILIES)
