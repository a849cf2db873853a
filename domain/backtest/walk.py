"""Walking a plan through the strata: what it brings, and how that hangs on each stratum's chance.

A case is worth what is not yet paid: a part of it can be charged, the rest (whose card is barred)
only the customer can pay. Each step takes its share; the survival product is what is left.
"""

from collections.abc import Sequence
from typing import NamedTuple

from domain.backtest.strata import CHARGES


class Step(NamedTuple):
    """A charge in its stratum, so many days of a customer in theirs, or (stratum -1) a message."""

    stratum: int
    days: int = 0


Path = tuple[Step, ...]
MESSAGE = Step(-1)


class Walk(NamedTuple):
    """What one case is expected to come to; `slopes` go with the path's steps."""

    paid: float
    charges: float
    messages: float
    reached: tuple[float, ...]  # the part of the case that comes to each step
    slopes: tuple[float, ...]  # of `paid` by the chance of the step's stratum


def walk(path: Path, rates: Sequence[float], barred: float) -> Walk:
    """Forward: who comes to each step. Backward: what a step takes from those after it."""
    states = _forward(path, rates, barred)
    slopes, chargeable_later, later = [0.0] * len(path), 0.0, 0.0
    for index in range(len(path) - 1, -1, -1):
        stratum, days = path[index]
        chargeable, rest = states[index]
        if stratum < 0:
            continue
        rate = rates[stratum]
        if stratum < CHARGES:
            refused = (1 - barred) * chargeable_later + barred * later
            slopes[index] = chargeable * (1 - refused)
            chargeable_later = rate + (1 - rate) * refused
        else:
            left = (1 - rate) ** days
            slope = days * (1 - rate) ** (days - 1)
            slopes[index] = slope * (chargeable * (1 - chargeable_later) + rest * (1 - later))
            chargeable_later = 1 - left * (1 - chargeable_later)
            later = 1 - left * (1 - later)
    reached = tuple(_reached(step, state) for step, state in zip(path, states, strict=True))
    charges = sum(part for step, part in zip(path, reached, strict=True) if _is_charge(step))
    messages = sum(part for step, part in zip(path, reached, strict=True) if step.stratum < 0)
    return Walk(chargeable_later, charges, messages, reached, tuple(slopes))


def _forward(path: Path, rates: Sequence[float], barred: float) -> list[tuple[float, float]]:
    """Before each step: the parts not yet paid that can be charged, and that cannot."""
    chargeable, rest = 1.0, 0.0
    states = []
    for stratum, days in path:
        states.append((chargeable, rest))
        if stratum >= CHARGES:
            left = (1 - rates[stratum]) ** days
            chargeable, rest = chargeable * left, rest * left
        elif stratum >= 0:
            refused = chargeable * (1 - rates[stratum])
            chargeable, rest = refused * (1 - barred), rest + refused * barred
    return states


def _is_charge(step: Step) -> bool:
    return 0 <= step.stratum < CHARGES


def _reached(step: Step, state: tuple[float, float]) -> float:
    chargeable, rest = state
    return chargeable if _is_charge(step) else chargeable + rest
