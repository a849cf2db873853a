"""Many seeds, or many planted bugs, on two processors; and the tables that come of them."""

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tests.simulation.laws import Law
from tests.simulation.plants import PLANTS
from tests.simulation.simulation import Outcome, Simulation

EVERY: Final = 200  # seeds between two lines of progress
TWICE_OF: Final = 100  # one seed of so many is played twice
In = TypeVar("In")
Out = TypeVar("Out")


class Find(Struct, frozen=True, kw_only=True):
    """What became of one planted bug: the first seed that saw the law broken, None if none did."""

    plant: str
    law: Law
    seed: int | None
    seeds: int  # played
    told: str = ""
    others: tuple[str, ...] = ()  # laws that other seeds saw broken before


def play(seed: int) -> Outcome:
    """One seed of a campaign; each hundredth twice, and it must tell the same story."""
    outcome = Simulation(seed).run()
    if outcome.broken or seed % TWICE_OF:
        return outcome
    same = Simulation(seed).run() == outcome
    return outcome if same else replace(outcome, broken="one seed tells two stories")


def hunt(name: str, most_seeds: int, likely: tuple[int, ...] = ()) -> Find:
    """Play seeds with a planted bug until its law is seen broken, the `likely` ones first."""
    plant = next(one for one in PLANTS if one.__name__ == name)
    law, others = PLANTS[plant], list[str]()
    for seed in (*likely, *range(1, most_seeds + 1)):
        broken = Simulation(seed, plant).run().broken or ""
        if broken.startswith(f"{law}:"):
            return Find(
                plant=name, law=law, seed=seed, seeds=seed, told=broken, others=_laws(others)
            )
        if broken:
            others.append(broken)
    return Find(plant=name, law=law, seed=None, seeds=most_seeds, others=_laws(others))


def seeds_campaign(seeds: Sequence[int], processes: int) -> int:
    """Play seeds and say how it went; the exit code."""
    began, outcomes = time.monotonic(), list[Outcome]()
    for outcome in _spread(play, seeds, processes):
        outcomes.append(outcome)
        if outcome.broken:
            print(told(outcome))
        if len(outcomes) % EVERY == 0:
            print(_line(outcomes, began), flush=True)
    print(f"in all: {_line(outcomes, began)}")
    return 1 if any(outcome.broken for outcome in outcomes) else 0


def plants_campaign(most_seeds: int, processes: int) -> int:
    """Hunt every planted bug and print the table; the exit code."""
    began, finds = time.monotonic(), list[Find]()
    names = [plant.__name__ for plant in PLANTS]
    for find in _spread(partial(hunt, most_seeds=most_seeds), names, processes):
        finds.append(find)
        found = f"seed {find.seed}" if find.seed is not None else f"NOT in {find.seeds} seeds"
        print(f"{find.plant:26} {find.law:4} {found:18} {find.told[:60]}", flush=True)
    missed = [find for find in finds if find.seed is None]
    for find in missed:
        print(f"not found: {find.plant} ({find.law}); seen instead: {', '.join(find.others)}")
    laws = {find.law for find in finds if find.seed is not None}
    print(
        f"{len(finds) - len(missed)} of {len(finds)} planted bugs found, "
        f"{len(laws)} laws tripped, {time.monotonic() - began:.1f} s"
    )
    return 1 if missed else 0


def told(outcome: Outcome) -> str:
    """What to read, and to type, when a seed broke a law."""
    return (
        f"SIM seed={outcome.seed} step={outcome.steps} day={outcome.days:.2f}\n"
        f"    broken: {outcome.broken}\n"
        f"    again:  python -m tests.simulation --seed {outcome.seed} "
        f"--until {outcome.steps} --trace"
    )


def _spread(do: Callable[[In], Out], what: Iterable[In], processes: int) -> Iterator[Out]:
    if processes == 1:
        yield from map(do, what)
        return
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap(do, what)


def _laws(broken: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.split(":")[0] for one in broken))


def _line(outcomes: list[Outcome], began: float) -> str:
    return (
        f"{len(outcomes)} seeds, {sum(one.days for one in outcomes):.0f} virtual days, "
        f"{sum(one.steps for one in outcomes)} steps, {sum(one.cases for one in outcomes)} cases, "
        f"{sum(one.charges for one in outcomes)} charges, "
        f"{sum(one.letters for one in outcomes)} letters, "
        f"{sum(one.broken is not None for one in outcomes)} violations, "
        f"{time.monotonic() - began:.1f} s"
    )
