"""The lift of one group over another, and that its interval may be looked at as often as one likes.

The experiments are those of `bench/lift.py`: A/A worlds without an effect, and one with ten points.
"""

from itertools import pairwise
from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.lift import Trial, false_alarms_in_money, play
from domain.attribution import (
    Extra,
    Group,
    Lift,
    MoneyOutcome,
    PeopleOutcome,
    Verdict,
    anyway_per_million,
    compare,
    extra,
    money_groups,
    people_group,
)
from domain.attribution.groups import CAP_PERCENTILE


def group(paid: int, customers: int) -> Group:
    """So many of so many customers paid."""
    return Group().plus(1.0, customers=paid).plus(0.0, customers=customers - paid)


def debt(
    at_risk_minor: int, recovered_minor: int, customers: int = 1, *, held_out: bool = False
) -> MoneyOutcome:
    """What customers owed in euros and what came."""
    return MoneyOutcome(
        held_out=held_out,
        arm=None,
        currency="eur",
        at_risk_minor=at_risk_minor,
        recovered_minor=recovered_minor,
        customers=customers,
    )


def test_a_lift_tells_both_shares_their_difference_and_its_interval() -> None:
    lift = compare(group(600, 1000), group(500, 1000))
    assert (lift.treated, lift.control) == (1000, 1000)
    assert (lift.treated_percent, lift.control_percent) == (60, 50)
    assert lift.points == pytest.approx(10)
    assert lift.verdict is Verdict.MORE
    # Fixed in advance the interval would be 5.7 to 14.3: looking at any time has its price.
    assert (lift.low, lift.high) == pytest.approx((3.2, 16.8), abs=0.1)


def test_harm_is_told_as_plainly() -> None:
    assert compare(group(500, 1000), group(600, 1000)).verdict is Verdict.LESS


def test_zero_within_the_interval_is_too_early_to_tell() -> None:
    lift = compare(group(52, 100), group(50, 100))
    assert lift.verdict is Verdict.UNDECIDED
    assert lift.low < 0 < lift.high


@pytest.mark.parametrize(
    ("treated", "control", "verdict"),
    [
        (group(5, 9), group(500, 1000), Verdict.TOO_EARLY),
        (group(500, 1000), group(0, 9), Verdict.TOO_EARLY),
        (group(500, 1000), Group(), Verdict.NO_COMPARISON),
        (Group(), group(500, 1000), Verdict.NO_COMPARISON),
    ],
)
def test_before_there_are_ten_in_each_group_all_is_possible(
    treated: Group, control: Group, verdict: Verdict
) -> None:
    lift = compare(treated, control)
    assert (lift.low, lift.high, lift.verdict) == (-100, 100, verdict)


def test_ten_who_all_paid_are_no_certainty() -> None:
    assert compare(group(10, 10), group(5, 10)).verdict is Verdict.UNDECIDED


def test_a_stricter_level_is_a_wider_interval() -> None:
    one = compare(group(60, 100), group(50, 100))
    other = compare(group(60, 100), group(50, 100), level=0.01)
    assert other.low < one.low < one.high < other.high


@pytest.mark.parametrize("outcome", [-0.1, 1.1])
def test_an_outcome_outside_zero_and_one_is_a_bug(outcome: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Group().plus(outcome)


def test_several_invoices_of_one_person_are_one_outcome() -> None:
    lots = [
        PeopleOutcome(held_out=False, arm=None, cases=4, paid=3, customers=2),
        PeopleOutcome(held_out=False, arm=None, cases=1, paid=0, customers=1),
    ]
    found = people_group(lots)
    assert (found.customers, found.share, found.effective) == (3, 0.5, 3)


def test_one_large_invoice_does_not_decide_alone() -> None:
    treated = [debt(10_00, 10_00, 100), debt(1_000_000_00, 0)]
    control = [debt(10_00, 5_00, 100, held_out=True)]
    chased, watched = money_groups(treated, control)
    assert chased.weight == 101 * 10_00, "it counts, but as much as the others at most"
    assert chased.share == pytest.approx(100 / 101)
    assert watched.share == 0.5


def test_what_was_paid_beyond_or_nothing_owed_bends_no_share() -> None:
    chased, watched = money_groups([debt(10, 12), debt(10, -1), debt(0, 0)], [])
    assert (chased.customers, chased.share) == (2, 0.5)
    assert watched == Group()


def test_nobody_is_no_money() -> None:
    assert money_groups([], []) == (Group(), Group())
    assert (Group().share, Group().effective) == (0, 0)


def test_a_lift_in_money_is_worth_its_points_times_what_was_at_risk() -> None:
    chased, watched = money_groups([debt(20_00, 12_00, 1000)], [debt(20_00, 10_00, 1000)])
    lift = compare(chased, watched)
    worth = extra(lift, chased)
    assert worth == Extra(
        at_risk_minor=20_000_00,
        extra_minor=2_000_00,
        low_minor=round(lift.low / 100 * 20_000_00),
        high_minor=round(lift.high / 100 * 20_000_00),
    )
    assert 0 < worth.low_minor < worth.extra_minor < worth.high_minor


@pytest.mark.parametrize(
    ("treated", "control", "per_million"),
    [
        (group(50, 100), group(25, 100), 500_000),
        (group(25, 100), group(50, 100), 1_000_000),
        (group(50, 100), group(0, 100), 0),
        (group(0, 100), group(50, 100), None),
        (group(50, 100), group(2, 9), None),
        (group(50, 100), Group(), None),
    ],
)
def test_what_would_have_come_anyway_is_the_held_outs_share_of_ours(
    treated: Group, control: Group, per_million: int | None
) -> None:
    assert anyway_per_million(compare(treated, control)) == per_million


debts = st.lists(
    st.builds(debt, st.integers(1, 10**9), st.integers(0, 10**9), st.integers(1, 50)),
    min_size=1,
    max_size=12,
)


@given(debts, debts)
def test_the_estimate_lies_within_its_interval_and_the_interval_within_what_is_possible(
    treated: list[MoneyOutcome], control: list[MoneyOutcome]
) -> None:
    lift = compare(*money_groups(treated, control))
    assert -100 <= lift.low <= lift.points <= lift.high <= 100


@given(debts, debts)
def test_two_groups_that_change_places_change_the_sign(
    treated: list[MoneyOutcome], control: list[MoneyOutcome]
) -> None:
    one = compare(*money_groups(treated, control))
    other = compare(*money_groups(control, treated))
    assert (one.low, one.points, one.high) == pytest.approx(
        (-other.high, -other.points, -other.low)
    )


@given(debts, debts, st.integers(2, 1000))
def test_the_unit_in_which_money_is_counted_does_not_matter(
    treated: list[MoneyOutcome], control: list[MoneyOutcome], unit: int
) -> None:
    def in_units(lots: list[MoneyOutcome]) -> list[MoneyOutcome]:
        return [
            debt(lot.at_risk_minor * unit, lot.recovered_minor * unit, lot.customers)
            for lot in lots
        ]

    one = compare(*money_groups(treated, control))
    other = compare(*money_groups(in_units(treated), in_units(control)))
    assert (one.verdict, one.treated, one.control) == (other.verdict, other.treated, other.control)
    assert (one.low, one.points, one.high) == pytest.approx((other.low, other.points, other.high))


@given(debts)
def test_the_cap_is_what_nearly_all_do_not_exceed(treated: list[MoneyOutcome]) -> None:
    chased, _ = money_groups(treated, [])
    everybody = sorted(lot.at_risk_minor for lot in treated for _ in range(lot.customers))
    cap = everybody[-(-len(everybody) * CAP_PERCENTILE // 100) - 1]
    assert chased.weight == pytest.approx(sum(min(amount, cap) for amount in everybody))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_customers_does_not_matter(outcomes: list[float], chance: object) -> None:
    shuffled = list(outcomes)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = Group(), Group()
    for outcome, moved in zip(outcomes, shuffled, strict=True):
        one, other = one.plus(outcome), other.plus(moved)
    assert compare(one, group(5, 20)).points == pytest.approx(compare(other, group(5, 20)).points)


def test_one_more_customer_counts_as_one() -> None:
    assert Group().plus(0.5) == Group(1, 1.0, 0.5, 1.0, 0.5, 0.25)


@pytest.mark.parametrize(("customers", "cap"), [(20, 19), (40, 38), (21, 20), (1, 1)])
def test_the_cap_is_the_amount_of_the_customer_at_95_of_100(customers: int, cap: int) -> None:
    chased, _ = money_groups([debt(owed, owed) for owed in range(1, customers + 1)], [])
    assert chased.weight == sum(min(owed, cap) for owed in range(1, customers + 1))


Customer = tuple[float, float]  # the outcome, and its weight
crowds = st.lists(st.tuples(st.floats(0, 1), st.floats(1, 3)), min_size=20, max_size=40)


def by_hand(crowd: list[Customer]) -> tuple[float, float]:
    """Mean and variance of a crowd that one typical payer and one who does not pay have joined."""
    typical = sum(weight * weight for _, weight in crowd) / sum(weight for _, weight in crowd)
    joined = [*crowd, (1.0, typical), (0.0, typical)]
    whole = sum(weight for _, weight in joined)
    mean = sum(outcome * weight for outcome, weight in joined) / whole
    squares = sum((weight * (outcome - mean)) ** 2 for outcome, weight in joined)
    return mean, squares / whole**2


@given(crowds, crowds, st.sampled_from([0.05, 0.01]))
def test_the_interval_is_the_sequence_of_the_decision(
    treated: list[Customer], control: list[Customer], level: float
) -> None:
    """As `docs/decisions/0011-lift.md` writes it down, with the narrowest place at ten points."""
    groups = [Group(), Group()]
    for number, crowd in enumerate((treated, control)):
        for outcome, weight in crowd:
            groups[number] = groups[number].plus(outcome, weight)
    (one, noise), (other, more) = by_hand(treated), by_hand(control)
    noise += more
    ratio = noise / 0.01
    spread = sqrt(noise * (1 + ratio) * (log(1 + 1 / ratio) - 2 * log(level)))
    lift = compare(groups[0], groups[1], level)
    assert lift.low == pytest.approx(100 * max(-1, one - other - spread))
    assert lift.high == pytest.approx(100 * min(1, one - other + spread))


def test_more_customers_are_a_narrower_interval() -> None:
    lifts: list[Lift] = [compare(group(6 * n, 10 * n), group(5 * n, 10 * n)) for n in range(2, 300)]
    widths = [lift.high - lift.low for lift in lifts]
    assert all(after < before or before == 200 for before, after in pairwise(widths))


def test_experiments_without_an_effect_seldom_cry_wolf_at_any_look() -> None:
    found = play(Trial(held_out=0.2, treated=0.5, control=0.5), experiments=400)
    assert found.alarms <= 20
    assert found.width < 20, "an interval that says nothing is never wrong"


@pytest.mark.parametrize("held_out", [0.05, 0.1, 0.5])
def test_small_and_even_hold_outs_do_not_cry_wolf_either(held_out: float) -> None:
    found = play(Trial(held_out=held_out, treated=0.3, control=0.3, customers=1000), 200)
    assert found.alarms <= 10


def test_money_with_a_heavy_tail_does_not_cry_wolf() -> None:
    assert false_alarms_in_money(100, held_out=0.2) <= 5


def test_ten_points_are_found_in_two_thousand_customers() -> None:
    found = play(Trial(held_out=0.5, treated=0.6, control=0.5), experiments=60)
    assert found.alarms >= 54
    assert found.decided_after is not None
    assert found.decided_after < 1_200
