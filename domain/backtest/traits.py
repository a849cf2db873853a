"""What each trait is worth: chances of strata from those of their traits, where they are thin.

A family's charges are sorted by four traits, its customers' days by two. A stratum is expected to
do as its family does, times what each of its traits changes that by; the factors are fitted until
each trait's expected successes are those that came (iterative proportional fitting: Deming and
Stephan 1940), so that a thin third try is not taken for a first one.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from domain.backtest.neighbours import bands_of
from domain.backtest.strata import FAMILIES, STRATA, family_of_stratum

Trait = tuple[int, int, int]  # family (as `family_of_stratum`), which trait, its band
WHOLE: Final = -1  # the trait that all strata of a family share
ROUNDS: Final = 12
# A trait counts as if it had been tried so often more, at the family's rate.
CALM: Final = 4.0
HIGHEST: Final = 0.95


class Counts:
    """Tries and successes of a trait, its strata that were tried, and once it is asked for, by how
    many successes each group of persons was `off` (`interval`)."""

    __slots__ = ("off", "strata", "tries", "won")

    def __init__(self) -> None:
        self.tries = self.won = 0
        self.strata: list[int] = []
        self.off: list[float] = []

    @property
    def rate(self) -> float:
        """Successes by try; 0 where there was none."""
        return self.won / self.tries if self.tries else 0.0


def traits_of(stratum: int) -> tuple[Trait, ...]:
    """A stratum's traits, without that of its whole family."""
    family = family_of_stratum(stratum)
    return tuple([(family, trait, band) for trait, band in enumerate(bands_of(stratum))])


def whole_of(stratum: int) -> Trait:
    """The trait of being of its family."""
    return (family_of_stratum(stratum), WHOLE, 0)


TRAITS: Final = tuple(traits_of(stratum) for stratum in range(STRATA))


def counted(tries: Sequence[int], won: Sequence[int]) -> dict[Trait, Counts]:
    """Sums by trait, and by whole families."""
    found = {(family, WHOLE, 0): Counts() for family in range(2 * len(FAMILIES))}
    for stratum, traits in enumerate(TRAITS):
        for trait in (whole_of(stratum), *traits):
            counts = found.setdefault(trait, Counts())
            if tries[stratum]:
                counts.tries += tries[stratum]
                counts.won += won[stratum]
                counts.strata.append(stratum)
    return found


def expected(tries: Sequence[int], counts: dict[Trait, Counts]) -> list[float]:
    """The chance of each stratum by its traits."""
    factors = dict.fromkeys(counts, 1.0)
    for trait, of in counts.items():
        if trait[1] == WHOLE:
            factors[trait] = of.rate
    fitted = [trait for trait in sorted(counts) if trait[1] != WHOLE]
    for _ in range(ROUNDS):
        for trait in fitted:
            _fit(trait, factors, tries, counts)
    return [min(HIGHEST, _product(stratum, factors)) for stratum in range(STRATA)]


def _fit(
    trait: Trait, factors: dict[Trait, float], tries: Sequence[int], counts: dict[Trait, Counts]
) -> None:
    of = counts[trait]
    calm = CALM * factors[(trait[0], WHOLE, 0)]
    if calm:
        due = sum(tries[stratum] * _product(stratum, factors) for stratum in of.strata)
        factors[trait] *= (of.won + calm) / (due + calm)


def _product(stratum: int, factors: dict[Trait, float]) -> float:
    found = factors[whole_of(stratum)]
    for trait in TRAITS[stratum]:
        found *= factors[trait]
    return found


def leaned(parts: Iterable[tuple[int, float]]) -> dict[Trait, float]:
    """How a sum hangs on the logarithm of each trait's rate; `parts` by stratum. What all traits
    share, the family's own rate, is counted once."""
    found: dict[Trait, float] = {}
    for stratum, part in parts:
        traits = TRAITS[stratum]
        for trait in traits:
            found[trait] = found.get(trait, 0.0) + part
        whole = whole_of(stratum)
        found[whole] = found.get(whole, 0.0) - (len(traits) - 1) * part
    return found
