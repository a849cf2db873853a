"""How short the window can be in which a plan must do its work.

A plan of the policy, of a segment or of an arm meets whichever windows the other two bring along.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from domain.decline import DeclineFamily
from domain.policy.shapes import Arm, Segment

if TYPE_CHECKING:
    from domain.policy.policy import Policy

SHORTEST_WINDOW: Final = timedelta(days=1)
LONGEST_WINDOW: Final = timedelta(days=60)


def windows_of_base(policy: "Policy") -> dict[DeclineFamily, timedelta]:
    """For each plan of the policy: its window, and those of segments and arms that keep it."""
    others: tuple[Segment | Arm, ...] = (*policy.segments, *policy.arms)
    return {family: _shortest(policy.window, _keeping(others, family)) for family in policy.plans}


def windows_of_segment(policy: "Policy", segment: Segment) -> dict[DeclineFamily, timedelta]:
    """For each plan of a segment: the segment's window, and those of arms that keep the plan."""
    own = segment.window or policy.window
    return {family: _shortest(own, _keeping(policy.arms, family)) for family in segment.plans}


def windows_of_arm(policy: "Policy", arm: Arm) -> dict[DeclineFamily, timedelta]:
    """For each plan of an arm: the arm's window, or else the policy's and every segment's."""
    windows = () if arm.window else (segment.window for segment in policy.segments)
    shortest = _shortest(arm.window or policy.window, windows)
    return dict.fromkeys(arm.plans, shortest)


def _keeping(others: Iterable[Segment | Arm], family: DeclineFamily) -> Iterable[timedelta | None]:
    return (other.window for other in others if family not in other.plans)


def _shortest(own: timedelta, others: Iterable[timedelta | None]) -> timedelta:
    """The shortest; one that is itself at fault counts as the bound that it breaks."""
    found = min((own, *(window for window in others if window is not None)))
    return min(max(found, SHORTEST_WINDOW), LONGEST_WINDOW)
