"""Choosing the next charge: always within what is allowed, and by what is known."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.decline import DeclineFamily
from domain.policy.shapes import Economics
from domain.timing.choice import choose
from domain.timing.features import charge_keys
from domain.timing.knowledge import Knowledge
from domain.timing.lessons import ChargeLesson
from tests.domain.timing_cases import DAY, ECONOMICS, HOUR, MONDAY, situation, span

BOLD = msgspec.structs.replace(ECONOMICS, exploration_percent=100)
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Kolkata", "Africa/Casablanca", "nowhere")


@settings(max_examples=150, deadline=None)
@given(
    family=st.sampled_from(DeclineFamily),
    zone=st.sampled_from(ZONES),
    opened=st.integers(0, 400 * 24 * 60),
    tried=st.integers(0, 20 * 24),
    wait=st.integers(0, 200),
    window=st.integers(1, 60 * 24),
    gap=st.integers(0, 240),
    tries=st.integers(-1, 20),
    draw=st.floats(0, 1, exclude_max=True),
    amount=st.integers(0, 10_000_00),
)
def test_a_charge_is_chosen_within_its_span_or_not_at_all(  # noqa: PLR0917 - drawn by name
    family: DeclineFamily, zone: str, opened: int, tried: int, wait: int, window: int, gap: int,
    tries: int, draw: float, amount: int,
) -> None:  # fmt: skip
    failed_at = MONDAY + timedelta(minutes=opened)
    now = failed_at + tried * HOUR
    allowed = span(
        now=now, not_before=now + wait * HOUR, closes_at=failed_at + window * HOUR,
        tries_left=tries, gap=gap * HOUR,
    )  # fmt: skip
    case = situation(
        family=family, failed_at=failed_at, last_try_at=now, timezone=zone, amount_cents=amount
    )
    choice = choose(case, allowed, Knowledge(), BOLD, draw)
    if tries <= 0 or allowed.not_before >= allowed.closes_at:
        assert choice.at is None
    if choice.at is not None:
        assert allowed.not_before <= choice.at < allowed.closes_at
        assert choice.at.tzinfo is UTC
        chance = Knowledge().charge_chance(case, choice.at)
        assert chance * max(1, amount) > ECONOMICS.attempt_cents
    assert 0 <= choice.chance_percent <= choice.later_percent <= 100
    assert choice == choose(case, allowed, Knowledge(), BOLD, draw)


@given(at=st.integers(1, 29 * 24), family=st.sampled_from(DeclineFamily))
def test_the_chance_told_is_the_chance_that_knowledge_gives_to_that_instant(
    at: int, family: DeclineFamily
) -> None:
    case, first = situation(family=family), MONDAY + at * HOUR
    only = span(not_before=first, closes_at=first + HOUR)
    choice = choose(case, only, Knowledge(), ECONOMICS, 0.5)
    if choice.at is not None:
        assert choice.chance_percent == round(100 * Knowledge().charge_chance(case, choice.at))


def test_a_pay_day_morning_is_better_than_the_night_before() -> None:
    case, know = situation(), Knowledge()
    friday = datetime(2026, 3, 13, 9, tzinfo=ZoneInfo("America/New_York"))
    assert know.charge_chance(case, friday) > 1.5 * know.charge_chance(case, friday - 12 * HOUR)


def test_lack_of_money_waits_for_pay_day_while_a_stumbling_issuer_is_tried_again_within_hours() -> (
    None
):
    waits = choose(situation(), span(), Knowledge(), ECONOMICS, 0.5)
    assert waits.at is not None
    assert waits.at.weekday() == 4
    stumbled = situation(family=DeclineFamily.TEMPORARY, code="processing_error")
    soon = choose(stumbled, span(not_before=MONDAY + 2 * HOUR), Knowledge(), ECONOMICS, 0.5)
    assert soon.at is not None
    assert soon.at < MONDAY + DAY


def test_a_charge_that_costs_more_than_it_can_bring_is_not_made() -> None:
    dear = msgspec.structs.replace(ECONOMICS, attempt_cents=100_00)
    choice = choose(situation(), span(), Knowledge(), dear, 0.5)
    assert choice.at is None
    assert {option.rejected for option in choice.considered} == {"not worth its cost", "too soon"}


@given(st.lists(st.integers(0, 40_00), min_size=2, max_size=2).map(sorted))
def test_dearer_charges_never_make_more_of_them_worthwhile(prices: list[int]) -> None:
    cheap, dear = (
        choose(situation(), span(), Knowledge(), _at_price(price), 0.5) for price in prices
    )
    assert dear.at is None or cheap.at is not None
    assert dear.later_percent <= cheap.later_percent + 1


def test_no_try_is_spent_on_a_family_that_never_heals_unless_it_is_cheap_for_the_amount() -> None:
    never = situation(family=DeclineFamily.NEVER, code="fraudulent", amount_cents=5_00)
    assert choose(never, span(), Knowledge(), BOLD, 0.97).at is None


def test_more_tries_bring_more_in_the_end() -> None:
    laters = [
        choose(situation(), span(tries_left=n), Knowledge(), ECONOMICS, 0.5).later_percent
        for n in (1, 3, 6)
    ]
    assert laters == sorted(laters)
    assert laters[0] < laters[2]


def test_a_new_card_is_likely_to_work_at_once() -> None:
    fresh = situation(new_card=True, family=DeclineFamily.NEEDS_NEW_CARD, code="lost_card")
    choice = choose(fresh, span(not_before=MONDAY), Knowledge(), ECONOMICS, 0.5)
    assert choice.chance_percent > 50


def test_the_better_days_to_come_are_told_as_alternatives() -> None:
    choice = choose(situation(), span(tries_left=3), Knowledge(), ECONOMICS, 0.5)
    assert {"kept for a later try", "too soon"} <= {each.rejected for each in choice.considered}
    assert 3 <= len(choice.considered) <= 5
    alone = choose(situation(), span(not_before=MONDAY), Knowledge(), ECONOMICS, 0.5)
    assert "too soon" not in {each.rejected for each in alone.considered}


def test_with_one_try_left_the_best_instant_is_taken_and_the_rest_is_less_likely() -> None:
    choice = choose(situation(), span(tries_left=1), Knowledge(), ECONOMICS, 0.5)
    assert {each.rejected for each in choice.considered} <= {
        "less likely",
        "too soon",
        "over budget",
    }
    assert choice.later_percent == choice.chance_percent


def test_the_evidence_counts_what_was_truly_seen() -> None:
    knowledge = Knowledge()
    tuesday = MONDAY + DAY
    for number in range(40):
        lesson = ChargeLesson(situation=situation(), at=tuesday, succeeded=number % 4 == 0)
        knowledge.learn(lesson)
    choice = choose(situation(), span(closes_at=tuesday + HOUR), knowledge, ECONOMICS, 0.5)
    assert choice.at == tuesday
    assert len(choice.evidence) == 6
    assert {(tries, won) for _, _, tries, won in choice.evidence} == {(40, 10)}
    assert ("funds", "every charge", 40, 10) in choice.evidence


def test_without_experience_there_is_no_evidence_to_tell() -> None:
    assert choose(situation(), span(), Knowledge(), ECONOMICS, 0.5).evidence == ()


def test_what_is_uncertain_gets_its_turn_when_the_draw_is_bold() -> None:
    knowledge = Knowledge()
    for day in range(300):
        at = MONDAY + timedelta(days=day % 20 + 1)
        taught = situation(failed_at=at - 2 * DAY, last_try_at=at - 2 * DAY)
        knowledge.learn(ChargeLesson(situation=taught, at=at, succeeded=day % 5 == 0))
    chosen = {choose(situation(), span(), knowledge, BOLD, draw / 20).at for draw in range(20)}
    assert len(chosen) > 1
    calm = {choose(situation(), span(), knowledge, ECONOMICS, d / 20).at for d in range(20)}
    assert len(calm) == 1


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_local_hours_stay_what_they_are_over_a_clock_change(zone: str) -> None:
    before_change = datetime(2026, 3, 5, 12, tzinfo=UTC)
    case = situation(timezone=zone, failed_at=before_change, last_try_at=before_change)
    hours = set()
    for day in range(6, 40):
        start = datetime(2026, 3, 1, tzinfo=ZoneInfo(zone)) + day * DAY
        allowed = span(now=start, not_before=start, closes_at=start + DAY, tries_left=1)
        at = choose(case, allowed, Knowledge(), ECONOMICS, 0.5).at
        assert at is not None
        hours.add(at.astimezone(ZoneInfo(zone)).hour)
    assert len(hours) == 1


def test_every_charge_has_its_buckets_each_once() -> None:
    keys = charge_keys(situation(), MONDAY + DAY)
    assert len(keys) == len(set(keys))


def _at_price(cents: int) -> Economics:
    return msgspec.structs.replace(ECONOMICS, attempt_cents=cents)
