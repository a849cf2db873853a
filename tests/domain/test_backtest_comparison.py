"""Two outcomes side by side: what differs, how sure that is, and whether the method holds."""

from math import sqrt
from typing import Final

import pytest
from msgspec.structs import replace

from bench.backtest import A, B
from domain.backtest import EmptyHistory, LeftToStripe, PastCase, backtest, lines_of
from domain.backtest.backtest import _Comparison
from domain.backtest.hazards import hazards_of
from domain.backtest.interval import QUANTILE, deviation, extremes, quantile
from domain.backtest.outcome import Load, Outcome
from domain.backtest.report import LINES, Unknown
from domain.backtest.routes import Stretch
from domain.backtest.strata import CHARGES, PER_FAMILY
from domain.backtest.tally import GROUPS, Lot, Tally
from domain.backtest.walk import Path, Step
from domain.decline import DeclineFamily
from domain.policy import Arm, Learned, Plan, follow_stripe
from domain.timing.knowledge import Bucket, Knowledge
from tests.builders import DAY

WELL, THIN, NEVER, NOR = 0, 1, PER_FAMILY - 1, PER_FAMILY - 2
ONE: Final[Path] = (Step(WELL), Step(CHARGES, 3), Step(NEVER))
OTHER: Final[Path] = (Step(THIN), Step(CHARGES, 5), Step(NEVER), Step(NOR))
THIRD: Final[Path] = (Step(THIN), Step(WELL))
FUNDS = Lot(0, 0, 0)


def history(recovered: float = 300.0) -> Tally:
    tally = Tally()
    for stratum, tries, won in ((WELL, 900, 250), (THIN, 90, 11), (CHARGES, 4000, 90)):
        for number in range(tries):
            at = stratum * GROUPS + number % GROUPS
            tally.tries[at] += 1
            tally.won[at] += number < won
    tally.cents[0], tally.recovered[0], tally.cases[0] = 1_000.0, recovered, 50
    tally.squares = 30_000.0
    return tally


def outcome(tally: Tally, *runs: tuple[Path, float]) -> Outcome:
    """All cases of funds, planned by samples if there is more than one path."""
    stretches = [Stretch(path, 10, cents, len(runs) == 1) for path, cents in runs]
    return Outcome(Load([(FUNDS, stretches)]), hazards_of(tally))


def comparison(recovered: float = 300.0, *, alone: bool = False) -> _Comparison:
    tally = history(recovered)
    a = outcome(tally, (ONE, 600.0), (THIRD, 400.0))
    b = outcome(tally, (OTHER, 700.0), (ONE, 300.0))
    return _Comparison(tally, hazards_of(tally), None if alone else a, b)


def test_the_difference_is_as_unsure_as_its_slopes_and_both_samples() -> None:
    found = comparison()
    a, b = found._a, found._b
    assert a is not None
    slopes = [two - one for one, two in zip(a.slopes, b.slopes, strict=True)]
    middle, deviated, least, most = found._difference()
    assert middle == pytest.approx(sum(b.paid) - sum(a.paid))
    chance = deviation(slopes, found._hazards, found._tally)
    assert deviated == pytest.approx(sqrt(chance**2 + a.sampled + b.sampled))
    low, high = extremes(slopes, found._hazards)
    assert least <= b.value(low) - a.value(low) < middle < b.value(high) - a.value(high) <= most
    report = found.report(check=True)
    room = quantile(most - least, deviated) * deviated
    cents = (least - room, most + room, middle - QUANTILE * deviated, middle + QUANTILE * deviated)
    told = (report.low, report.high, report.sampling_low, report.sampling_high)
    assert told == pytest.approx([one / 10 for one in cents])


def test_beside_what_happened_it_is_unsure_by_the_luck_of_what_happened_too() -> None:
    found = comparison(alone=True)
    middle, deviated, least, most = found._difference()
    assert middle == pytest.approx(sum(found._b.paid) - 300.0)
    own = deviation(found._b.slopes, found._hazards, found._tally) ** 2 + found._b.sampled
    assert deviated == pytest.approx(sqrt(own + 30_000.0 * 0.3 * 0.7))
    low, high = extremes(found._b.slopes, found._hazards)
    ends = (found._b.value(low) - 300.0, found._b.value(high) - 300.0)
    assert (least, most) == pytest.approx(ends)


@pytest.mark.parametrize(("recovered", "luck"), [(300.0, 6_300.0), (1_000.0, 0.0), (1_001.0, 0.0)])
def test_luck_is_that_of_money_that_comes_or_not(recovered: float, luck: float) -> None:
    assert comparison(recovered)._luck() ** 2 == pytest.approx(luck)


def test_the_method_holds_as_far_as_what_came_lies_within_what_was_estimated() -> None:
    found = comparison()
    a = found._a
    assert a is not None
    low, high = (a.value(rates) for rates in extremes(a.slopes, found._hazards))
    own = deviation(a.slopes, found._hazards, found._tally) ** 2 + a.sampled

    def holds(actual: float) -> bool:
        share = actual / 1_000
        deviated = sqrt(own + 30_000 * share * (1 - share))
        room = quantile(high - low, deviated) * deviated
        return low - room <= actual <= high + room

    least, *_, most = [actual for actual in range(1_001) if holds(actual)]
    assert 0 < least < most < 1_000
    for actual in (least - 1, least, most, most + 1):
        found._actual = float(actual)
        assert found._holds(a) == holds(actual) == (least <= actual <= most)


def test_a_policys_interval_lies_between_nothing_and_all() -> None:
    tally = history()
    for paths, low, high in (((NEVER,), 0.0, None), ((WELL,) * 40, None, 100.0)):
        one = outcome(tally, (tuple(map(Step, paths)), 1_000.0))
        found = _Comparison(tally, hazards_of(tally), None, one).report(check=False).b
        assert low is None or found.low_percent == low
        assert high is None or found.high_percent == high
        assert 0 <= found.low_percent <= found.recovered_percent <= found.high_percent <= 100


def a_past(number: int, **changes: object) -> PastCase:
    opened_at = 1_740_000_000 + number * 40_000
    case = PastCase(
        customer=f"cus_{number}",
        opened_at=opened_at,
        closed_at=opened_at + 28 * 86_400,
        amount_minor=29_00,
        currency="eur",
        family=DeclineFamily.FUNDS,
        country="DE",
    )
    return replace(case, **changes)


PAST = [a_past(number, paid_at=1_741_000_000 if number % 3 else None) for number in range(12)]


def test_a_history_that_is_worth_nothing_says_so() -> None:
    for past in ([], [a_past(1, amount_minor=0)]):
        with pytest.raises(EmptyHistory, match=r"^the history holds no case that is worth any"):
            backtest(past, None, B)


def test_charges_of_stripes_choice_are_no_policy_but_can_be_what_happened() -> None:
    left = follow_stripe("UTC")
    with pytest.raises(LeftToStripe, match=r"^policy B leaves the charges to Stripe$"):
        backtest(PAST, A, left)
    with pytest.raises(LeftToStripe, match=r"^policy A leaves the charges to Stripe$"):
        backtest(PAST, left, B, a_made_it=False)
    assert backtest(PAST, left, B) == backtest(PAST, None, B)


@pytest.mark.parametrize(
    "changes",
    [{"hold_out_percent": 20}, {"arms": (Arm(name="x", weight=1), Arm(name="y", weight=1))}],
)
def test_a_policy_is_tried_as_it_treats_everybody(changes: dict[str, object]) -> None:
    assert backtest(PAST, None, replace(B, **changes)) == backtest(PAST, None, B)


def test_what_learns_is_tried_as_it_has_learned() -> None:
    learns = replace(B, plans={DeclineFamily.FUNDS: Plan(retries=Learned(tries=3, gap=DAY))})
    hopeless = Knowledge({("base", "funds", ""): Bucket(-20.0, 0.01, 90.0, 0.0, 739_000)})
    assert backtest(PAST, None, learns).b.charges > 0
    assert backtest(PAST, None, learns, hopeless).b.charges == 0


@pytest.mark.parametrize("more", [-1, 0, 1, 2])
def test_of_what_nobody_knows_the_first_lines_are_printed(more: int) -> None:
    silent = [
        Unknown(what=f"stratum {number}", tries=0, planned=9.0, policy="b")
        for number in range(LINES + more)
    ]
    lines = lines_of(replace(backtest(PAST, None, B), unknown=tuple(silent)))
    assert [line for line in lines if "and more" in line] == (
        ["         and more; --json lists 12 of them."] if more > 0 else []
    )
    assert sum("stratum" in line for line in lines) == min(LINES, len(silent))
