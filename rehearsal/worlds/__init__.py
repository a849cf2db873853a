"""Worlds of failed payments to play a policy against: `play("us_consumers", 1, 3000, policy)`.

A world and a seed make a population with a hidden truth per case; a policy is an object with
`answer(request) -> dict | None`, or the command line of a program that speaks policy protocol 1.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import fsum

from rehearsal.worlds.game import Game
from rehearsal.worlds.oracle import best_net_cents
from rehearsal.worlds.partner import Policy, partner_of
from rehearsal.worlds.played import Ending
from rehearsal.worlds.population import population
from rehearsal.worlds.score import Score, score
from rehearsal.worlds.shapes import Truth
from rehearsal.worlds.table import WORLDS

__all__ = ["WORLDS", "Ending", "Policy", "Score", "endings", "oracle", "play"]


def play(world: str, seed: int, cases: int, policy: Policy | Sequence[str]) -> Score:
    """Play a whole run. Raises KeyError for a world that is not in `WORLDS`."""
    partner = partner_of(policy)
    ended = Game(WORLDS[world], _truths(world, seed, cases), partner).run()
    return score(world, seed, ended, fsum(oracle(world, seed, cases)), partner.cpu_s)


def endings(
    world: str, seed: int, cases: int, policy: Policy | Sequence[str], *, batch: bool = True
) -> tuple[Ending, ...]:
    """The same run, case by case; `batch` False asks one case a line."""
    truths = _truths(world, seed, cases)
    return Game(WORLDS[world], truths, partner_of(policy), batch=batch).run()


@lru_cache(maxsize=4)
def oracle(world: str, seed: int, cases: int) -> tuple[float, ...]:
    """The best net value of each case in US cents, by somebody who sees the hidden truth."""
    return tuple(best_net_cents(WORLDS[world], truth) for truth in _truths(world, seed, cases))


@lru_cache(maxsize=2)
def _truths(world: str, seed: int, cases: int) -> tuple[Truth, ...]:
    return population(WORLDS[world], seed, cases)
