"""What is said of two compared versions: no more than the figures allow."""

import pytest

from application.letter_pages import ArmOutcome
from domain.attribution import PeopleOutcome
from domain.letters import OURS, InUse
from web.letter_arms import compared

COMPARING = InUse(use=1, version=OURS, rival=2, rival_percent=30)


def outcome(version: int, paid: int, lost: int) -> ArmOutcome:
    people = tuple(
        PeopleOutcome(held_out=False, arm=None, cases=1, paid=came, customers=customers)
        for came, customers in ((1, paid), (0, lost))
        if customers
    )
    return ArmOutcome(version=version, sent=paid + lost, visited=paid, people=people)


@pytest.mark.parametrize(
    ("ours", "rival", "words"),
    [
        ((0, 0), (0, 0), "Too few to say"),
        ((500, 500), (0, 0), "Too few to say"),
        ((9, 0), (0, 9), "Too few to say"),
        ((50, 50), (55, 45), "Too early to tell: Version 2 against Ours is between \u2212"),
        ((2_000, 2_000), (3_000, 1_000), "Version 2 brings back more: between +"),
        ((3_000, 1_000), (2_000, 2_000), "Version 2 brings back less: between \u2212"),
    ],
)
def test_a_verdict_is_said_where_the_interval_allows_it(
    ours: tuple[int, int], rival: tuple[int, int], words: str
) -> None:
    told = compared(COMPARING, [outcome(OURS, *ours), outcome(2, *rival)])
    assert told is not None
    assert told.verdict.startswith(words)


def test_the_figures_stand_beside_each_version() -> None:
    told = compared(COMPARING, [outcome(OURS, 30, 10), outcome(2, 10, 10)])
    assert told is not None
    ours, rival = told.arms
    assert (ours.name, ours.share, ours.sent, ours.visited) == ("Ours", "70 %", 40, 30)
    assert (ours.customers, ours.recovered) == (40, "75.0 %")
    assert (rival.name, rival.share, rival.recovered) == ("Version 2", "30 %", "50.0 %")


def test_a_version_that_nobody_has_read_yet_has_no_share() -> None:
    told = compared(COMPARING, [])
    assert told is not None
    assert [arm.recovered for arm in told.arms] == ["\u2013", "\u2013"]


def test_where_nothing_is_compared_nothing_is_said() -> None:
    assert compared(InUse(use=4, version=1), [outcome(1, 5, 5)]) is None
