"""`make sim SEEDS=n`: whole histories of the application under faults, one for each seed.

Exit code 1 if a law broke, with the seed, the step, and the command that plays it again.
"""

import argparse
import sys

from tests.simulation.campaign import plants_campaign, seeds_campaign, told
from tests.simulation.simulation import Simulation, silent

SEEDS = 200
MUTANT_SEEDS = 300
PROCESSES = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=SEEDS, help="how many seeds")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="at a time")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--until", type=int, help="with --seed: stop at this step")
    parser.add_argument("--trace", action="store_true", help="with --seed: every step of it")
    parser.add_argument("--mutants", action="store_true", help="plant bugs and look for each")
    parser.add_argument("--seeds", type=int, default=MUTANT_SEEDS, help="with --mutants: at most")
    asked = parser.parse_args()
    if asked.mutants:
        return plants_campaign(asked.seeds, asked.processes)
    if asked.seed is None:
        return seeds_campaign(range(asked.first, asked.first + asked.count), asked.processes)
    return _again(asked.seed, asked.until, trace=asked.trace)


def _again(seed: int, until: int | None, *, trace: bool) -> int:
    outcome = Simulation(seed, tell=print if trace else silent, until=until).run()
    print(told(outcome) if outcome.broken else f"{outcome.steps} steps, trace {outcome.trace}")
    return 1 if outcome.broken else 0


if __name__ == "__main__":
    sys.exit(main())
