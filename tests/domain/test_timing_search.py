"""The plan of the charges to come is the best of all plans there are."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.timing.outlook import Instant, Outlook
from domain.timing.search import PATIENCE_HOUR, REACH, Plan, best_plan, next_chance
from tests.domain.timing_cases import HOUR, MONDAY

HOURS = 120
odds = st.floats(0.001, 3)
factors = st.floats(0.2, 2)


@st.composite
def outlooks(draw: st.DrawFn) -> Outlook:
    """Some candidates at any hours, with any odds and any factors between them."""
    hours = sorted(draw(st.lists(st.integers(0, HOURS), min_size=1, max_size=7, unique=True)))
    paid = sorted(draw(st.lists(st.integers(0, 9), min_size=len(hours), max_size=len(hours))))
    instants = [
        Instant(MONDAY + at * HOUR, at, draw(odds), draw(odds), share)
        for at, share in zip(hours, paid, strict=True)
    ]
    of_band = draw(st.lists(factors, min_size=13, max_size=13))
    return Outlook(
        instants=instants,
        first=[draw(factors) for _ in instants],
        by_gap=[of_band[at // 10] for at in range(HOURS + 1)],
        by_share=draw(st.lists(factors, min_size=10, max_size=10)),
        by_retry=draw(st.lists(factors, min_size=4, max_size=4)),
    )


def worth(view: Outlook, path: tuple[int, ...], tries: int, price: float) -> float:
    """What a plan is worth to the search: each charge as far as those before were refused, less
    its price, and money of tomorrow a little less. A later charge counts as many retries as if
    they were spread evenly over the candidates."""
    total, refused = 0.0, 1.0
    for place, index in enumerate(path):
        instant = view.instants[index]
        if place == 0:
            chances = instant.tried * view.first[index]
        else:
            before = view.instants[path[place - 1]]
            chances = instant.tried * view.by_retry[index * tries // len(view.instants)]
            chances *= view.by_gap[instant.hours - before.hours]
            chances *= view.by_share[instant.paid - before.paid]
        brought = (1 - PATIENCE_HOUR * instant.hours) * chances / (1 + chances) - price
        if place and brought <= 0:
            return float("-inf")  # such a charge is not made
        total += refused * brought
        refused /= 1 + chances
    return total


def plans(view: Outlook, gap_hours: int, tries: int, price: float) -> Iterator[tuple[int, ...]]:
    """All plans of a charge or more: the first is worth its price by what is known, those after it
    keep the gap and are among the next few."""
    paths: list[tuple[int, ...]] = [
        (i,) for i, _ in enumerate(view.instants) if next_chance(view, i) > price
    ]
    for _ in range(tries):
        yield from paths
        paths = [(*path, i) for path in paths for i in following(view, path[-1], gap_hours)]


def following(view: Outlook, index: int, gap_hours: int) -> list[int]:
    free_at = view.instants[index].hours + gap_hours
    later = [i for i, instant in enumerate(view.instants) if instant.hours >= free_at and i > index]
    return later[:REACH]


@settings(max_examples=60)
@given(outlooks(), st.integers(1, 60), st.integers(1, 4), st.floats(0, 0.3))
def test_no_plan_is_worth_more(view: Outlook, gap_hours: int, tries: int, price: float) -> None:
    found = best_plan(view, gap_hours, tries, price)
    worths = {
        path: worth(view, path, tries, price) for path in plans(view, gap_hours, tries, price)
    }
    if not worths:
        assert found == Plan((), ())
        return
    assert worths[found.path] == pytest.approx(max(worths.values()), abs=1e-12)


@settings(max_examples=40)
@given(outlooks(), st.integers(1, 60), st.integers(1, 4))
def test_the_chances_of_a_plan_are_those_of_each_charge_once_it_is_reached(
    view: Outlook, gap_hours: int, tries: int
) -> None:
    path, chances = found = best_plan(view, gap_hours, tries, 0.01)
    refused = 1.0
    for place, (index, chance) in enumerate(zip(path, chances, strict=True)):
        instant = view.instants[index]
        expected = instant.odds * view.first[index]
        if place:
            before = view.instants[path[place - 1]]
            expected = instant.odds * view.by_retry[place]
            expected *= view.by_gap[instant.hours - before.hours]
            expected *= view.by_share[instant.paid - before.paid]
        assert chance == pytest.approx(expected / (1 + expected))
        refused *= 1 - chance
    assert found.brings() == pytest.approx(1 - refused)


def one_by_one(*chances: float) -> Outlook:
    """Candidates a day apart with these odds, nothing between them changes any."""
    instants = [
        Instant(MONDAY + timedelta(days=day), 24 * day, one, one, day)
        for day, one in enumerate(chances)
    ]
    alike = [1.0] * 500
    return Outlook(instants, [1.0] * len(instants), alike, alike, [1.0] * 8)


def test_of_equal_days_the_earlier_is_better() -> None:
    assert best_plan(one_by_one(0.5, 0.5, 0.5), 24, 1, 0.01).path == (0,)


def test_a_charge_that_just_keeps_the_gap_may_follow() -> None:
    view = one_by_one(0.5, 0.5, 0.5)
    assert best_plan(view, 24, 3, 0.01).path == (0, 1, 2)
    assert best_plan(view, 25, 3, 0.01).path == (0, 2)
    assert best_plan(view, 49, 3, 0.01).path == (0,)


def test_a_charge_that_is_worth_just_its_price_is_not_made() -> None:
    third = one_by_one(0.5)
    chance = next_chance(third, 0)
    assert best_plan(third, 24, 1, chance).path == ()
    assert best_plan(third, 24, 1, chance - 1e-9).path == (0,)
    hopeless_after = one_by_one(9.0, 0.5)
    assert best_plan(hopeless_after, 24, 2, 0.34).path == (0,)
