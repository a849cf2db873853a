"""A plan can be kept in every window that it can meet, or its policy is faulted."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.network import MONTHLY_LIMIT
from domain.policy import Arm, FixedWaits, Learned, PayDays, Plan, Retries, Segment, Since, Step
from domain.policy.plan_faults import MOST_TRIES
from tests.domain.policy_faults import DAY, FUNDS, GERMANS, HOUR, SECOND, a_step, faults_of


def charged(retries: Retries, **changes: Any) -> list[str]:
    return faults_of(plans={FUNDS: Plan(retries=retries)}, **changes)


def told(*steps: Step, **changes: Any) -> list[str]:
    return faults_of(plans={FUNDS: Plan(campaign=steps)}, **changes)


@pytest.mark.parametrize("shape", [Learned, PayDays])
def test_chosen_charges_have_edges(shape: Any) -> None:
    for good in (shape(tries=1, gap=HOUR), shape(tries=35, gap=14 * DAY)):
        assert charged(good) == []
    for tries in (0, 36):
        assert charged(shape(tries=tries, gap=DAY)) == ["plans.funds.retries.tries"]
    for gap in (HOUR - SECOND, 14 * DAY + SECOND):
        assert charged(shape(tries=1, gap=gap)) == ["plans.funds.retries.gap"]


@pytest.mark.parametrize(
    ("waits", "faulted"),
    [
        ((13 * DAY,), []),
        ((13 * DAY + SECOND,), ["waits"]),
        ((6 * DAY, 7 * DAY), []),
        ((6 * DAY, 7 * DAY + SECOND), ["waits"]),
        ((timedelta(minutes=1),), []),
        ((timedelta(seconds=59),), ["waits[0]"]),
        ((DAY, -DAY), ["waits[1]"]),
        ((DAY + SECOND / 4,), ["waits[0]"]),
        ((), ["waits"]),
        ((HOUR,) * 35, []),
        ((HOUR,) * 36, ["waits"]),
        ((15 * DAY,), ["waits[0]", "waits"]),
    ],
)
def test_fixed_waits_are_positive_and_end_within_the_window(
    waits: tuple[timedelta, ...], faulted: list[str]
) -> None:
    assert charged(FixedWaits(waits=waits)) == [f"plans.funds.retries.{name}" for name in faulted]


@pytest.mark.parametrize("family", DeclineFamily)
def test_only_families_that_a_charge_may_heal_have_retries(family: DeclineFamily) -> None:
    chargeable = {
        DeclineFamily.FUNDS,
        DeclineFamily.TEMPORARY,
        DeclineFamily.UNKNOWN,
        DeclineFamily.NEEDS_NEW_DETAILS,
    }
    plan = Plan(retries=Learned(tries=1, gap=DAY))
    faults = [] if family in chargeable else [f"plans.{family}.retries"]
    assert faults_of(plans={family: plan}) == faults
    assert faults_of(segments=(Segment(name="s", when=GERMANS, plans={family: plan}),)) == [
        f"segments[0].{fault}" for fault in faults
    ]
    assert faults_of(arms=(Arm(name="a", weight=1, plans={family: plan}),)) == [
        f"arms[0].{fault}" for fault in faults
    ]


@pytest.mark.parametrize(
    ("steps", "faulted"),
    [
        ((a_step(timedelta()),), []),
        ((a_step(-SECOND),), ["[0].after"]),
        ((a_step(14 * DAY - HOUR),), []),
        ((a_step(14 * DAY - HOUR + SECOND),), ["[0].after"]),
        ((a_step(timedelta(), Since.ASKED),), []),
        ((a_step(14 * DAY, Since.ASKED),), ["[0].after"]),
        ((a_step(HOUR, Since.END),), []),
        ((a_step(HOUR - SECOND, Since.END),), ["[0].after"]),
        ((a_step(14 * DAY, Since.END),), []),
        ((a_step(14 * DAY + SECOND, Since.END),), ["[0].after"]),
        ((a_step(at_least_cents=1_000_000),), []),
        ((a_step(at_least_cents=1_000_001),), ["[0].at_least_cents"]),
        ((a_step(DAY), a_step(DAY + SECOND)), []),
        ((a_step(DAY), a_step(DAY)), ["[1].after"]),
        ((a_step(2 * DAY, Since.ASKED), a_step(DAY, Since.ASKED)), ["[1].after"]),
        ((a_step(2 * DAY, Since.END), a_step(DAY, Since.END)), []),
        ((a_step(DAY, Since.END), a_step(DAY, Since.END)), ["[1].after"]),
        ((a_step(3 * DAY), a_step(DAY, Since.ASKED), a_step(2 * DAY, Since.END)), []),
        ((a_step(DAY, Since.ASKED), a_step(3 * DAY)), ["[1].since"]),
        ((a_step(DAY, Since.END), a_step(3 * DAY)), ["[1].since"]),
        ((a_step(DAY, Since.END), a_step(3 * DAY, Since.ASKED)), ["[1].since"]),
        (tuple(a_step(n * HOUR) for n in range(12)), []),
        (tuple(a_step(n * HOUR) for n in range(13)), [""]),
    ],
)
def test_steps_of_a_campaign_come_in_an_order_that_can_be_kept(
    steps: tuple[Step, ...], faulted: list[str]
) -> None:
    assert told(*steps) == [f"plans.funds.campaign{name}" for name in faulted]


def test_a_plan_must_fit_into_every_window_that_it_can_meet() -> None:
    ten_days = {FUNDS: Plan(retries=FixedWaits(waits=(9 * DAY,)))}
    five = Segment(name="s", when=GERMANS, window=5 * DAY)
    short = Arm(name="a", weight=1, window=5 * DAY)
    other = {FUNDS: Plan()}
    waits = "plans.funds.retries.waits"
    assert faults_of(plans=ten_days) == []
    for changes in ({"segments": (five,)}, {"arms": (short,)}):
        assert waits in faults_of(plans=ten_days, **changes)
    assert faults_of(plans=ten_days, segments=(replace(five, plans=other),)) == []
    assert faults_of(plans=ten_days, arms=(replace(short, plans=other),)) == []

    own = Segment(name="s", when=GERMANS, plans=ten_days)
    assert faults_of(segments=(own,)) == []
    assert f"segments[0].{waits}" in faults_of(segments=(replace(own, window=5 * DAY),))
    assert f"segments[0].{waits}" in faults_of(segments=(own,), arms=(short,))
    assert faults_of(segments=(own,), arms=(replace(short, plans=other),)) == []
    assert faults_of(window=5 * DAY, segments=(replace(own, window=10 * DAY),)) == []

    arm = Arm(name="a", weight=1, plans=ten_days)
    assert faults_of(arms=(arm,)) == []
    assert f"arms[0].{waits}" in faults_of(arms=(arm,), segments=(five,))
    assert faults_of(arms=(replace(arm, window=10 * DAY),), segments=(five,)) == []
    assert f"arms[0].{waits}" in faults_of(arms=(arm,), window=5 * DAY)


def test_a_window_at_fault_does_not_fault_the_plans_as_well() -> None:
    fits = {FUNDS: Plan(retries=FixedWaits(waits=(59 * DAY,)), campaign=(a_step(),))}
    assert faults_of(plans=fits, window=100 * DAY) == ["window"]
    assert faults_of(plans={FUNDS: Plan(campaign=(a_step(HOUR),))}, window=-DAY) == ["window"]


def test_a_plan_may_ask_for_as_many_charges_as_the_widest_network_takes_in_a_month() -> None:
    assert max(MONTHLY_LIMIT.values()) == MOST_TRIES
