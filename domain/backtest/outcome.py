"""A policy over a whole history: the value it is expected to bring, and how it hangs on chances."""

from collections.abc import Callable, Iterable, Sequence
from statistics import variance

from domain.backtest.hazards import THIN, Hazards
from domain.backtest.routes import Stretch
from domain.backtest.strata import CHARGES, FAMILIES, STRATA
from domain.backtest.tally import Lot
from domain.backtest.walk import Path, walk


class Load:
    """How many cases, and how many cents, take each path; and which lots were planned by samples.

    `samples` holds, by lot, the paths of its runs, with the cents that each stands for.
    """

    def __init__(self, planned: Iterable[tuple[Lot, list[Stretch]]]) -> None:
        self.paths: dict[tuple[int, Path], list[float]] = {}
        self.samples: list[tuple[int, list[tuple[Path, float]]]] = []
        for lot, stretches in planned:
            for path, cases, cents, _ in stretches:
                entry = self.paths.setdefault((lot.family, path), [0.0, 0.0])
                entry[0] += cases
                entry[1] += cents
            if not all(stretch.exact for stretch in stretches):
                runs = [(stretch.path, stretch.cents) for stretch in stretches]
                self.samples.append((lot.family, runs))


class Outcome:
    """What all cases together come to under one policy."""

    def __init__(self, load: Load, hazards: Hazards) -> None:
        self.paid = [0.0] * len(FAMILIES)  # cents, by family
        self.charges = [0.0] * len(FAMILIES)
        self.messages = 0.0
        self.reached = [0.0] * STRATA  # charges or customers' days expected in each stratum
        self.slopes = [0.0] * STRATA  # of all cents by the chance of each stratum
        self._load, self._barred = load, hazards.barred
        for (family, path), (cases, cents) in load.paths.items():
            self._add(family, path, cases, cents, hazards)
        self.sampled = self._sampled(hazards)  # the variance of cents by planning a sample only

    def _add(self, family: int, path: Path, cases: float, cents: float, hazards: Hazards) -> None:
        found = walk(path, hazards.rates, hazards.barred[family])
        self.paid[family] += found.paid * cents
        self.charges[family] += found.charges * cases
        self.messages += found.messages * cases
        for step, part, slope in zip(path, found.reached, found.slopes, strict=True):
            if step.stratum >= 0:
                self.reached[step.stratum] += part * cases * (step.days or 1)
                self.slopes[step.stratum] += slope * cents

    def _sampled(self, hazards: Hazards) -> float:
        """How far plans of one lot lie apart, where each stands for many openings."""
        found = 0.0
        for family, runs in self._load.samples:
            paid = [walk(path, hazards.rates, hazards.barred[family]).paid for path, _ in runs]
            found += variance(paid) * sum(cents * cents for _, cents in runs)
        return found

    def value(self, rates: Sequence[float]) -> float:
        """All cents, if the chances were these."""
        barred = self._barred
        return sum(
            walk(path, rates, barred[family]).paid * cents
            for (family, path), (_, cents) in self._load.paths.items()
        )

    def share(self, counts: Callable[[int], bool]) -> float:
        """The percentage of expected charges that fall in strata of a kind."""
        total = sum(self.reached[:CHARGES])
        part = sum(self.reached[stratum] for stratum in range(CHARGES) if counts(stratum))
        return 100 * part / total if total else 0.0

    def cannot_know(self, hazards: Hazards) -> float:
        """The percentage of expected charges of which the history does not speak."""
        return self.share(hazards.is_open)

    def leaning(self, hazards: Hazards) -> float:
        """The percentage of expected charges whose own tries are few, or that are inferred."""
        return self.share(
            lambda stratum: not hazards.is_open(stratum) and hazards.tries[stratum] < THIN
        )
