"""Worlds are the same for the same seed, their accounts add up, and nobody passes the oracle."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from math import fsum
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bench.opponents import OPPONENTS, SCHEDULES, SMART
from rehearsal.worlds import WORLDS, endings, oracle, play
from rehearsal.worlds.incomes import is_pay_day
from rehearsal.worlds.oracle import best_net_cents
from rehearsal.worlds.population import population
from rehearsal.worlds.protocol import TEMPLATES, case_frame
from rehearsal.worlds.rates import cents, minor
from rehearsal.worlds.shapes import Fix, Manners, Temper
from rehearsal.worlds.zones import at_local_hour, local_day, local_hour
from tests.rehearsal.made_worlds import (
    ALWAYS,
    DAY,
    HOUR,
    OPENED_AT,
    PLAIN,
    Scripted,
    after,
    card,
    email,
    in_turn,
    moved_by,
    retry,
    run,
    truth,
    wait,
)

ROUNDING_CENTS = 1e-6  # sums of floats in another order


class Erratic:
    """Retries, writes and waits at random instants, by a seed and the case alone."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        if request["op"] != "decide":
            return None
        return {"answers": [{"id": case["id"], **self._step(case)} for case in request["cases"]]}

    def _step(self, case: Mapping[str, Any]) -> dict[str, Any]:
        random = Random(f"{self._seed}{case['id']}{case['now']}{len(case['messages'])}")
        hours = random.choice((0.02, 1, 7, 24, 60))
        at = datetime.fromisoformat(case["now"]) + timedelta(hours=hours * random.random() + 0.01)
        return {
            "action": random.choice(("retry", "retry", "email", "wait")),
            "at": at.isoformat(),
            "channel": random.choice(("email", "email", "sms")),
            "template": random.choice(TEMPLATES),
        }


@pytest.mark.parametrize("world", WORLDS)
def test_a_seed_is_a_run_to_the_last_bit(world: str) -> None:
    assert population(WORLDS[world], 5, 40) == population(WORLDS[world], 5, 40)
    first, other, again = (play(world, seed, 40, SMART).digest for seed in (5, 6, 5))
    assert first == again
    assert first != other


def test_what_becomes_of_a_case_does_not_depend_on_how_it_is_asked() -> None:
    assert endings("us_consumers", 3, 60, SMART) == endings(
        "us_consumers", 3, 60, SMART, batch=False
    )


def test_worlds_are_different_populations() -> None:
    runs = [play(world, 1, 40, SMART).digest for world in WORLDS]
    assert len(set(runs)) == len(WORLDS) >= 6


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(WORLDS)), st.integers(0, 10_000), st.integers(0, 3))
def test_nobody_passes_the_oracle_in_any_case(world: str, seed: int, style: int) -> None:
    policy = [Erratic(seed), SMART, OPPONENTS["daily"], OPPONENTS["chargebee"]][style]
    best = oracle(world, seed, 25)
    for ending, bound in zip(endings(world, seed, 25, policy), best, strict=True):
        assert ending.net_cents <= bound + ROUNDING_CENTS


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(WORLDS)), st.integers(0, 10_000))
def test_the_accounts_of_a_run_add_up(world: str, seed: int) -> None:
    score = play(world, seed, 25, Erratic(seed))
    costs = [score.fee_cents, score.message_cents, score.fine_cents, score.churn_cents]
    assert score.net_cents == pytest.approx(score.recovered_cents - fsum(costs))
    assert score.fee_cents == pytest.approx(score.retries * WORLDS[world].retry_fee_cents)
    assert 0 <= score.recovered_cents <= score.failed_cents
    assert score.oracle_cents <= score.failed_cents
    assert sum(score.broken.values()) - score.broken["visa_20"] == score.violations


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(WORLDS)), st.integers(0, 10_000))
def test_the_schedules_of_others_keep_every_rule(world: str, seed: int) -> None:
    for schedule in SCHEDULES:
        score = play(world, seed, 40, schedule)
        assert (score.violations, score.faults) == (0, 0), schedule.name


@pytest.mark.parametrize("world", ["us_consumers", "eu_consumers"])
def test_a_schedule_whose_codes_change_stays_within_its_number_of_charges(world: str) -> None:
    assert play(world, 1, 1_000, OPPONENTS["chargebee"]).broken["visa_15"] == 0


def test_a_run_costs_what_its_steps_cost() -> None:
    script = in_turn(retry(after(1)), email(after(2)), email(after(5), channel="sms"))
    (ending,) = run(Scripted(script))
    assert (ending.fee_cents, ending.message_cents, ending.net_cents) == (5.0, 4.5, -9.5)


def test_a_cancellation_that_a_message_caused_costs_three_monthly_amounts() -> None:
    script = in_turn(email(after()), wait(after(9)))
    (ending,) = run(Scripted(script), truth(tolerance=0.9, answers=moved_by(0, None)))
    assert (ending.result, ending.churn_cents) == ("cancelled", 6000.0)


def test_a_cancellation_that_no_message_caused_costs_nothing() -> None:
    (ending,) = run(Scripted(in_turn()), truth(leaves_at=OPENED_AT + DAY))
    assert (ending.result, ending.churn_cents) == ("cancelled", 0.0)


def test_messages_annoy_more_at_night_soon_after_another_and_by_sms() -> None:
    tolerant = truth(tolerance=2.1, answers=moved_by(9, None))
    by_day = in_turn(email(after(0)), email(after(3)), wait(after(9)))
    at_night = in_turn(email(after(0)), email(after(3, hours=12)), wait(after(9)))
    soon = in_turn(email(after(0)), email(after(1)), wait(after(9)))
    by_sms = in_turn(email(after(0), channel="sms"), wait(after(9)))
    results = [
        run(Scripted(script), tolerant)[0].result for script in (by_day, at_night, soon, by_sms)
    ]
    assert results == ["expired", "cancelled", "cancelled", "cancelled"]


def test_a_failed_retry_makes_a_harsh_issuer_refuse_for_days() -> None:
    harsh = replace(PLAIN, temper=Temper(approval=(1.0, 1.0), suspicion=30.0, suspicion_days=2.0))
    late = truth(card=card(windows=((OPENED_AT + 12 * HOUR, 1 << 40),)))
    early = Scripted(in_turn(retry(after(0.1)), retry(after(1))))
    patient = Scripted(in_turn(retry(after(1))))
    forgiven = Scripted(in_turn(retry(after(0.1)), retry(after(40))))
    results = [run(policy, late, world=harsh)[0].result for policy in (early, patient, forgiven)]
    assert results == ["expired", "recovered", "recovered"]


def test_the_oracle_charges_once_when_the_cause_is_over() -> None:
    later = truth(card=card(windows=((OPENED_AT + 40 * DAY, OPENED_AT + 40 * DAY + 60),)))
    assert best_net_cents(PLAIN, later) == 1995.0
    assert best_net_cents(PLAIN, truth()) == 0.0


def test_the_oracle_leaves_alone_who_pays_anyway() -> None:
    assert best_net_cents(PLAIN, truth(fix=Fix(OPENED_AT + DAY, None))) == 2000.0


def test_the_oracle_charges_before_somebody_leaves() -> None:
    window = ((OPENED_AT + 2 * DAY, 1 << 40),)
    leaving = truth(card=card(windows=window), leaves_at=OPENED_AT + DAY)
    assert best_net_cents(PLAIN, leaving) == 0.0


def test_the_oracle_writes_as_often_as_it_takes_and_as_the_person_bears() -> None:
    third = truth(answers=moved_by(2, None))
    assert best_net_cents(PLAIN, third) == 2000.0 - 3 * 0.5
    assert best_net_cents(PLAIN, replace(third, tolerance=2.9)) == 0.0
    with_card = truth(answers=moved_by(0, card(windows=ALWAYS)))
    assert best_net_cents(PLAIN, with_card) == 2000.0 - 0.5 - 5.0


def test_a_deaf_person_is_moved_by_no_message() -> None:
    deaf = replace(PLAIN, manners=Manners(answers=1.0, deaf=1.0))
    assert best_net_cents(deaf, truth(willing=0.0, answers=moved_by(0, None))) == 0.0


def test_issuers_that_sleep_say_no_at_night() -> None:
    hours = (0.0,) * 8 + (1.0,) * 9 + (0.0,) * 7
    sleepy = replace(PLAIN, temper=Temper(approval=(1.0, 1.0), suspicion=0.0, hours=hours))
    good = truth(card=card(windows=ALWAYS))
    night, day = Scripted(in_turn(retry(after(hours=14)))), Scripted(in_turn(retry(after(1))))
    results = [run(policy, good, world=sleepy)[0].result for policy in (night, day)]
    assert results == ["expired", "recovered"]


@pytest.mark.parametrize(
    ("pattern", "day", "paid"),
    [
        ("day_25", date(2025, 4, 25), True),
        ("day_25", date(2025, 5, 23), True),  # the 25th is a Sunday: paid the Friday before
        ("day_25", date(2025, 5, 25), False),
        ("month_end", date(2025, 5, 30), True),  # the 31st is a Saturday
        ("month_end", date(2025, 3, 31), True),
        ("semi", date(2025, 4, 15), True),
        ("semi", date(2025, 4, 1), False),
        ("first_15th", date(2025, 4, 1), True),
        ("weekly", date(2025, 4, 4), True),
        ("weekly", date(2025, 4, 7), False),
        ("none", date(2025, 4, 4), False),
    ],
)
def test_money_comes_on_pay_days_and_before_weekends(pattern: str, day: date, paid: bool) -> None:
    assert is_pay_day(pattern, day, phase=0) is paid


def test_a_fortnight_has_one_pay_day() -> None:
    days = [date(2025, 3, 3) + timedelta(n) for n in range(56)]
    paid = [day for day in days if is_pay_day("biweekly", day, phase=0)]
    assert [later - day for day, later in pairwise(paid)] == [timedelta(14)] * 3


def test_a_local_hour_is_found_again_on_either_side_of_summer_time() -> None:
    first = local_day("Europe/Berlin", OPENED_AT)
    for day in range(first, first + 60):
        at = at_local_hour("Europe/Berlin", day, 9.0)
        assert (local_day("Europe/Berlin", at), local_hour("Europe/Berlin", at)) == (day, 9)


@pytest.mark.parametrize("currency", ["usd", "jpy", "krw", "EUR", "idr"])
def test_an_amount_of_some_cents_is_worth_those_cents(currency: str) -> None:
    assert cents(minor(2200.0, currency), currency) == pytest.approx(2200.0, rel=0.01)


@pytest.mark.parametrize("world", WORLDS.values(), ids=list(WORLDS))
def test_every_case_fails_first_and_tells_no_truth(world: Any) -> None:
    for each in population(world, 2, 60):
        begins = each.card.windows[0][0] if each.card.windows else each.opened_at + 1
        assert begins > each.opened_at
        shown = case_frame(each)
        assert shown["timezone"] == each.shown_zone
        assert "cause" not in str(shown)
