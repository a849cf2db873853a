"""What a policy brings over a history: sums over paths, and how they hang on the chances."""

from math import prod
from statistics import variance
from typing import Final

import pytest
from msgspec.structs import replace

from domain.backtest.hazards import Hazards, hazards_of
from domain.backtest.outcome import Load, Outcome
from domain.backtest.routes import Stretch
from domain.backtest.strata import CHARGES, FAMILIES, PER_FAMILY, STRATA
from domain.backtest.tally import GROUPS, Lot, Tally
from domain.backtest.walk import MESSAGE, Path, Step, walk

WELL, THIN, NEVER = 0, 1, PER_FAMILY - 1  # charges tried forty times, seven times, not at all
CUSTOMER: Final = CHARGES
ONE: Final[Path] = (Step(CUSTOMER, 2), Step(WELL), MESSAGE, Step(CUSTOMER, 3), Step(THIN))
OTHER: Final[Path] = (Step(WELL), Step(WELL), Step(CUSTOMER, 4), Step(NEVER))
FUNDS, TEMPORARY = Lot(0, 0, 0), Lot(2, 1, 1)


def hazards() -> Hazards:
    tally = Tally()
    for stratum, tries, won in ((WELL, 40, 10), (THIN, 7, 1), (CUSTOMER, 400, 9)):
        tally.tries[stratum * GROUPS], tally.won[stratum * GROUPS] = tries, won
    tally.refused[:2], tally.barred[:2] = [40, 10], [8, 1]
    return hazards_of(tally)


HAZARDS: Final = hazards()


def planned(path: Path, cases: int, cents: float, *, exact: bool = True) -> Stretch:
    return Stretch(path, cases, cents, exact)


def an_outcome(*lots: tuple[Lot, list[Stretch]]) -> Outcome:
    return Outcome(Load(lots), HAZARDS)


WHOLE: Final = (
    (FUNDS, [planned(ONE, 3, 70.0), planned(OTHER, 2, 50.0), planned(ONE, 4, 5.0)]),
    (FUNDS, [planned(OTHER, 1, 11.0)]),
    (TEMPORARY, [planned(ONE, 10, 400.0)]),
)


def test_cases_that_take_one_path_are_walked_together() -> None:
    assert Load(WHOLE).paths == {
        (0, ONE): [7, 75.0],
        (0, OTHER): [3, 61.0],
        (1, ONE): [10, 400.0],
    }
    assert Load(WHOLE).samples == []


def test_all_is_summed_by_family() -> None:
    found, rates, barred = an_outcome(*WHOLE), HAZARDS.rates, HAZARDS.barred
    assert barred[:2] == [0.2, 0.1]
    one, other, temporary = (
        walk(ONE, rates, 0.2), walk(OTHER, rates, 0.2), walk(ONE, rates, 0.1)
    )  # fmt: skip
    nothing = [0.0] * (len(FAMILIES) - 2)
    assert found.paid == pytest.approx(
        [75 * one.paid + 61 * other.paid, 400 * temporary.paid, *nothing]
    )
    assert found.charges == pytest.approx(
        [7 * one.charges + 3 * other.charges, 10 * temporary.charges, *nothing]
    )
    assert found.messages == pytest.approx(7 * one.messages + 10 * temporary.messages)
    assert found.value(rates) == pytest.approx(sum(found.paid))


def test_what_comes_to_a_stratum_is_counted_in_charges_and_in_days() -> None:
    found, rate = an_outcome((TEMPORARY, [planned(ONE, 10, 1.0)])), HAZARDS.rates
    stays = (1 - rate[CUSTOMER]) ** 2
    assert found.reached[WELL] == pytest.approx(10 * stays)
    unpaid = stays * (1 - rate[WELL])
    assert found.reached[CUSTOMER] == pytest.approx(10 * (2 + 3 * unpaid))
    charged = unpaid * 0.9 * (1 - rate[CUSTOMER]) ** 3  # a tenth of the cards is barred
    assert found.reached[THIN] == pytest.approx(10 * charged)
    assert found.messages == pytest.approx(10 * unpaid)
    assert sum(found.reached) == pytest.approx(sum(found.reached[one] for one in (0, 1, CUSTOMER)))


@pytest.mark.parametrize("stratum", [WELL, THIN, NEVER, CUSTOMER])
def test_slopes_are_what_a_small_change_of_a_chance_changes_in_cents(stratum: int) -> None:
    found, rates = an_outcome(*WHOLE), list(HAZARDS.rates)
    before = found.value(rates)
    rates[stratum] += 1e-6
    assert (found.value(rates) - before) / 1e-6 == pytest.approx(found.slopes[stratum], rel=1e-3)


def test_runs_that_lie_apart_are_doubt_by_what_each_stands_for() -> None:
    sampled = [planned(ONE, 5, 30.0, exact=False), planned(OTHER, 4, 20.0), planned(ONE, 1, 1.0)]
    found, known = an_outcome(*WHOLE, (TEMPORARY, sampled), (FUNDS, sampled)), HAZARDS
    doubt = 0.0
    for family in (0, 1):
        one, other = (walk(path, known.rates, known.barred[family]).paid for path in (ONE, OTHER))
        doubt += variance([one, other, one]) * (30.0**2 + 20.0**2 + 1.0**2)
    assert found.sampled == pytest.approx(doubt)
    assert an_outcome(*WHOLE).sampled == 0.0


def test_charges_are_said_to_lean_or_to_be_unknown_by_how_often_their_like_was_tried() -> None:
    found, known = an_outcome(*WHOLE), HAZARDS
    charges = sum(found.reached[:CHARGES])
    assert (known.is_open(WELL), known.is_open(THIN), known.is_open(NEVER)) == (False, False, True)
    assert found.cannot_know(known) == pytest.approx(100 * found.reached[NEVER] / charges)
    assert found.leaning(known) == pytest.approx(100 * found.reached[THIN] / charges)
    assert 0 < found.leaning(known) < 100 - found.cannot_know(known)
    enough = replace(known, tries=[30 if n == THIN else one for n, one in enumerate(known.tries)])
    assert found.leaning(enough) == 0


def test_a_plan_without_charges_has_none_that_are_unknown() -> None:
    found = an_outcome((FUNDS, [planned((Step(CUSTOMER, 9), MESSAGE), 2, 9.0)]))
    assert found.cannot_know(HAZARDS) == found.leaning(HAZARDS) == 0
    left = prod([1 - HAZARDS.rates[CUSTOMER]] * 9)
    assert found.paid[0] == pytest.approx(9.0 * (1 - left))
    assert len(found.slopes) == len(found.reached) == STRATA
