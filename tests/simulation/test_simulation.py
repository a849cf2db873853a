"""The simulation in short: it finds nothing in the application, and every bug that is planted."""

import pytest

from domain.recovery.events import CaseEvent
from tests.simulation.bugs import BUGS
from tests.simulation.installation import Installation
from tests.simulation.simulation import Outcome, Simulation

SEEDS = range(1, 41)
MOST_SEEDS = range(1, 101)  # until a planted bug must have been found
SEEDS_PLAYED_TWICE = (3, 7, 15)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [Simulation(seed).run() for seed in SEEDS]


def test_every_promise_holds_in_every_weather(outcomes: list[Outcome]) -> None:
    assert {one.seed: one.broken for one in outcomes if one.broken} == {}


def test_all_that_can_happen_to_a_case_happens(outcomes: list[Outcome]) -> None:
    happened = frozenset[str]().union(*(one.happened for one in outcomes))

    assert happened == {kind.__name__ for kind in CaseEvent.__subclasses__()}


def test_money_moves_and_letters_go_out(outcomes: list[Outcome]) -> None:
    assert sum(one.charges for one in outcomes) > 10 * len(outcomes)
    assert sum(one.letters for one in outcomes) > len(outcomes)


@pytest.mark.parametrize("seed", SEEDS_PLAYED_TWICE)
def test_a_seed_tells_the_same_story_twice(outcomes: list[Outcome], seed: int) -> None:
    again = Simulation(seed).run()

    assert again == outcomes[SEEDS.index(seed)]


@pytest.mark.parametrize(("bug", "promise"), BUGS.items(), ids=[bug.__name__ for bug in BUGS])
def test_a_planted_bug_is_found(bug: type[Installation], promise: str) -> None:
    broken = (Simulation(seed, bug).run().broken or "" for seed in MOST_SEEDS)

    assert any(told.startswith(promise) for told in broken), f"no seed sees it: {bug.__doc__}"
