"""`make sim SEEDS=n`: whole histories of the application under faults, one for each seed.

Exit code 1 if an invariant broke, with the seed, the step, and the command that plays it again.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator

from tests.simulation.simulation import Outcome, Simulation, silent

SEEDS = 200
EVERY = 50


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=SEEDS, help="how many seeds")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--trace", action="store_true", help="every step of it")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    if asked.seed is not None:
        seeds = range(asked.seed, asked.seed + 1)
    return _report(_played(seeds, trace=asked.trace))


def _played(seeds: Iterable[int], *, trace: bool) -> Iterator[Outcome]:
    for seed in seeds:
        yield Simulation(seed, tell=print if trace else silent).run()


def _report(played: Iterator[Outcome]) -> int:
    began, outcomes = time.monotonic(), list[Outcome]()
    for outcome in played:
        outcomes.append(outcome)
        if outcome.broken:
            print(f"SIM seed={outcome.seed} step={outcome.steps} day={outcome.days:.2f}")
            print(f"    broken: {outcome.broken}")
            print(f"    again:  python -m tests.simulation --seed {outcome.seed} --trace")
        if len(outcomes) % EVERY == 0:
            print(_line(outcomes, began), flush=True)
    print(f"in all: {_line(outcomes, began)}")
    return 1 if any(outcome.broken for outcome in outcomes) else 0


def _line(outcomes: list[Outcome], began: float) -> str:
    return (
        f"{len(outcomes)} seeds, {sum(one.days for one in outcomes):.0f} virtual days, "
        f"{sum(one.steps for one in outcomes)} steps, {sum(one.cases for one in outcomes)} cases, "
        f"{sum(one.charges for one in outcomes)} charges, "
        f"{sum(one.letters for one in outcomes)} letters, "
        f"{sum(one.broken is not None for one in outcomes)} violations, "
        f"{time.monotonic() - began:.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
