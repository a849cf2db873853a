"""What is said of two versions of a letter that are compared: figures, and what may be known."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from application.letter_pages import ArmOutcome
from domain.attribution import Lift, Verdict, compare, people_group
from domain.letters import OURS, InUse

NOBODY: Final = ArmOutcome(version=OURS, sent=0, visited=0, people=())


class Arm(Struct, frozen=True, kw_only=True):
    """One version's line."""

    name: str
    share: str
    sent: int
    visited: int
    customers: int
    recovered: str


class Compared(Struct, frozen=True):
    """Two lines, and what follows from them."""

    arms: tuple[Arm, Arm]
    verdict: str


def compared(use: InUse, outcomes: Sequence[ArmOutcome]) -> Compared | None:
    """None where nothing is compared."""
    if use.rival is None:
        return None
    found = {each.version: each for each in outcomes}
    base, rival = found.get(use.version, NOBODY), found.get(use.rival, NOBODY)
    lift = compare(people_group(rival.people), people_group(base.people))
    arms = (
        _arm(use.version, 100 - use.rival_percent, base, lift.control, lift.control_percent),
        _arm(use.rival, use.rival_percent, rival, lift.treated, lift.treated_percent),
    )
    return Compared(arms, _sentence(lift, named(use.rival), named(use.version)))


def named(version: int) -> str:
    """As the page calls it."""
    return "Ours" if version == OURS else f"Version {version}"


def _arm(version: int, share: int, told: ArmOutcome, customers: int, percent: float) -> Arm:
    return Arm(
        name=named(version),
        share=f"{share} %",
        sent=told.sent,
        visited=told.visited,
        customers=customers,
        recovered=f"{percent:.1f} %" if customers else "\N{EN DASH}",
    )


def _sentence(lift: Lift, rival: str, base: str) -> str:
    if lift.verdict in (Verdict.NO_COMPARISON, Verdict.TOO_EARLY):
        return "Too few to say: each version must have reached ten customers at least."
    between = f"between {_points(lift.low)} and {_points(lift.high)} points"
    match lift.verdict:
        case Verdict.MORE:
            return f"{rival} brings back more: {between}."
        case Verdict.LESS:
            return f"{rival} brings back less: {between}."
        case _:
            return f"Too early to tell: {rival} against {base} is {between}, and that may be none."


def _points(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")
