"""Strata that lie next to one another: alike in every trait but one, and there one band apart."""

from collections.abc import Iterator
from typing import Final

from domain.backtest.strata import (
    BANDS_OF_HOURS,
    CHARGES,
    LETTERS,
    NUMBERS,
    PAYS,
    PER_FAMILY,
    PER_SINCE,
    QUIET_PER_FAMILY,
    QUIETS,
    SINCES,
    STRATA,
)

# A trait: how far apart in number two strata are that differ by one band, and how many bands.
CHARGE_TRAITS: Final = (
    (PER_SINCE, SINCES),
    (BANDS_OF_HOURS * NUMBERS, PAYS),
    (NUMBERS, BANDS_OF_HOURS),
    (1, NUMBERS),
)
QUIET_TRAITS: Final = ((LETTERS, QUIETS), (1, LETTERS))


def bands_of(stratum: int) -> tuple[int, ...]:
    """The band of each of its traits."""
    charge = stratum < CHARGES
    within = stratum % PER_FAMILY if charge else (stratum - CHARGES) % QUIET_PER_FAMILY
    traits = CHARGE_TRAITS if charge else QUIET_TRAITS
    return tuple([within // step % bands for step, bands in traits])


def _by_trait(stratum: int) -> Iterator[tuple[int, ...]]:
    traits = CHARGE_TRAITS if stratum < CHARGES else QUIET_TRAITS
    for band, (step, bands) in zip(bands_of(stratum), traits, strict=True):
        below = (stratum - step,) if band else ()
        yield (*below, stratum + step) if band < bands - 1 else below


# By stratum, for each trait: the strata of the same family that differ in this trait alone.
NEIGHBOURS: Final = tuple(tuple(_by_trait(stratum)) for stratum in range(STRATA))
