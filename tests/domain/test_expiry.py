"""Cards that will have expired at the next renewal: whose, when they are told, what will do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.calendar import within_hours
from domain.expiry import GivenCard, Renewal, is_to_be_told, may_be_told_from
from domain.policy import StripeRetries
from tests.builders import DAY, HOUR, MONDAY, NEW_VISA, OLD_VISA, a_customer, a_policy

TEN_DAYS = a_policy(expiry_notice=10 * DAY)
SECOND = timedelta(seconds=1)
instants = st.integers(0, 5 * 365 * 24).map(lambda hours: MONDAY + hours * HOUR)


def a_renewal(**changes: Any) -> Renewal:
    """On the fifth of March, by a card that is good to the end of February."""
    renewal = Renewal(
        subscription_id="sub_bread",
        at=datetime(2026, 3, 5, tzinfo=UTC),
        customer=a_customer(),
        card=replace(OLD_VISA, expires="2026-02"),
    )
    return replace(renewal, **changes)


@pytest.mark.parametrize(
    ("expires", "at", "runs_out"),
    [
        ("2026-02", datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), False),
        ("2026-02", datetime(2026, 3, 1, tzinfo=UTC), True),
        ("2024-02", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC), False),
        ("2026-12", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), False),
        ("2026-12", datetime(2027, 1, 1, tzinfo=UTC), True),
        ("2020-01", MONDAY, True),
        ("2027-01", MONDAY, False),
        (None, MONDAY, False),
    ],
)
def test_a_card_is_good_to_the_last_day_of_its_month(
    expires: str | None, at: datetime, runs_out: bool
) -> None:
    assert a_renewal(card=replace(OLD_VISA, expires=expires), at=at).runs_out is runs_out


def test_a_bank_account_and_a_card_in_a_wallet_do_not_run_out() -> None:
    old = replace(OLD_VISA, expires="2020-01")
    assert not a_renewal(card=replace(old, kind="sepa_debit")).runs_out
    assert not a_renewal(card=old, in_wallet=True).runs_out


@pytest.mark.parametrize(
    ("before", "told"),
    [(10 * DAY + SECOND, False), (10 * DAY, True), (SECOND, True), (timedelta(), False)],
)
def test_they_are_told_from_the_notice_on_and_before_the_renewal(
    before: timedelta, told: bool
) -> None:
    renewal = a_renewal()
    assert is_to_be_told(renewal, TEN_DAYS, renewal.at - before) is told


@pytest.mark.parametrize(
    "policy",
    [
        a_policy(expiry_notice=timedelta()),
        a_policy(expiry_notice=10 * DAY, stripe_retries=StripeRetries.HOLD_OUT),
    ],
)
def test_nobody_is_told_where_the_policy_says_so(policy: Any) -> None:
    assert not is_to_be_told(a_renewal(), policy, MONDAY)
    assert is_to_be_told(a_renewal(), TEN_DAYS, MONDAY)


@given(person=st.text(st.characters(codec="ascii", categories=("L",)), min_size=1))
def test_who_is_held_out_is_not_told(person: str) -> None:
    policy = a_policy(expiry_notice=10 * DAY, hold_out_percent=50)
    renewal = a_renewal(customer=a_customer(customer_id=person))
    assert is_to_be_told(renewal, policy, MONDAY) is not policy.assign(person).held_out


def test_a_card_that_was_given_since_will_do_unless_it_runs_out_too() -> None:
    told_at = MONDAY - DAY
    good = replace(NEW_VISA, expires="2029-01")
    assert a_renewal().given_instead(told_at) is None
    for card, given_at, found in (
        (good, MONDAY, good),
        (good, told_at - SECOND, None),
        (replace(good, expires="2026-02"), MONDAY, None),
        (NEW_VISA, MONDAY, NEW_VISA),
    ):
        beneath = GivenCard(card=card, given_at=given_at)
        assert a_renewal(beneath=beneath).given_instead(told_at) == found


@given(now=instants, contacts=st.lists(instants, max_size=8), zone=st.sampled_from(["Asia/Tokyo"]))
def test_the_budget_and_the_hours_of_the_reader_hold(
    now: datetime, contacts: list[datetime], zone: str
) -> None:
    """Before what is answered a message would have been too early, or the hour was wrong."""
    said = tuple(sorted(each for each in contacts if each <= now))
    renewal = a_renewal(timezone=zone)
    at = may_be_told_from(renewal, said, TEN_DAYS, now)
    budget = TEN_DAYS.contacts
    assert at >= now
    assert within_hours(at, TEN_DAYS.first_mail_hour, TEN_DAYS.last_mail_hour, zone) == at
    for window, most in ((DAY, budget.per_day), (7 * DAY, budget.per_week)):
        assert sum(at - window < each for each in said) < most
    assert not said or at >= said[-1] + budget.gap


def test_who_has_heard_nothing_is_told_at_once_by_day() -> None:
    assert may_be_told_from(a_renewal(), (), TEN_DAYS, MONDAY) == MONDAY
    night = MONDAY + 12 * HOUR  # eleven in the evening in Berlin
    assert may_be_told_from(a_renewal(), (), TEN_DAYS, night) == MONDAY + DAY - 2 * HOUR
