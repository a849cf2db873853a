"""A policy is valid as a whole, or says everything that is wrong with it."""

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

import pytest
from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.policy import LONGEST_WINDOW, Plan, Policy, PolicyInvalid, StripeRetries, balanced
from domain.recovery.plan import ASKS
from tests.builders import a_policy

DAYS = [timedelta(days=n) for n in range(70)]


def faults_of(**changes: Any) -> list[str]:
    """The fields that a policy with these changes is faulted for."""
    with pytest.raises(PolicyInvalid) as caught:
        replace(a_policy(), **changes)
    return [fault.field for fault in caught.value.faults]


def planned(**changes: Any) -> dict[DeclineFamily, Plan]:
    return {DeclineFamily.FUNDS: Plan(**changes)}


def test_all_faults_are_told_at_once_each_with_its_field() -> None:
    assert faults_of(
        window=timedelta(hours=1),
        timezone="Mars/Olympus",
        charge_hour=24,
        first_mail_hour=19,
        last_mail_hour=9,
        reminder_gap=timedelta(),
        card_month_limit=36,
        card_day_limit=0,
        plans=planned(retries=(timedelta(),), reminders=(DAYS[2], DAYS[1])),
    ) == [
        "window",
        "timezone",
        "charge_hour",
        "first_mail_hour",
        "reminder_gap",
        "card_month_limit",
        "card_day_limit",
        "plans.funds.retries",
        "plans.funds.retries",
        "plans.funds.reminders",
        "plans.funds.reminders",
    ]


def test_the_error_says_what_is_wrong_in_words() -> None:
    with pytest.raises(PolicyInvalid, match="charge_hour: Choose an hour from 0 to 23"):
        a_policy(charge_hour=-1)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("window", DAYS[1], timedelta(hours=23)),
        ("window", LONGEST_WINDOW, LONGEST_WINDOW + timedelta(seconds=1)),
        ("charge_hour", 0, -1),
        ("charge_hour", 23, 24),
        ("first_mail_hour", 18, 19),
        ("first_mail_hour", 0, -1),
        ("last_mail_hour", 24, 25),
        ("reminder_gap", timedelta(hours=1), timedelta(minutes=59)),
        ("card_month_limit", 1, 0),
        ("card_month_limit", 35, 36),
        ("card_day_limit", 1, 0),
        ("card_day_limit", 10, 11),
        ("timezone", "Asia/Kathmandu", ""),
    ],
)
def test_the_edge_is_allowed_and_the_next_step_is_not(field: str, good: Any, bad: Any) -> None:
    assert getattr(a_policy(**{"plans": {}, field: good}), field) == good
    named = faults_of(**{"plans": {}, field: bad})
    assert named == ["first_mail_hour" if field == "last_mail_hour" else field]


@pytest.mark.parametrize(
    "plan",
    [
        {"retries": (DAYS[1],) * 13},
        {"retries": (timedelta(),)},
        {"retries": (DAYS[1], -DAYS[1])},
        {"retries": (DAYS[7], DAYS[7])},
        {"retries": (DAYS[13], timedelta(seconds=1))},
        {"reminders": (DAYS[1], DAYS[1])},
        {"reminders": (DAYS[2], DAYS[1])},
        {"reminders": (DAYS[14],)},
        {"reminders": (-DAYS[1],)},
        {"reminders": tuple(timedelta(hours=n) for n in range(13))},
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_faulted(plan: dict[str, Any]) -> None:
    assert set(faults_of(plans=planned(**plan))) == {f"plans.funds.{next(iter(plan))}"}


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"retries": (DAYS[1],) * 12},
        {"retries": (DAYS[13],)},
        {"reminders": (timedelta(), DAYS[14] - timedelta(seconds=1))},
        {"reminders": tuple(timedelta(hours=n) for n in range(12))},
    ],
)
def test_a_plan_that_can_is_not(plan: dict[str, Any]) -> None:
    assert a_policy(plans=planned(**plan)).plan_for(DeclineFamily.FUNDS) == Plan(**plan)


def test_a_family_without_a_plan_is_neither_charged_nor_written_to() -> None:
    assert a_policy(plans={}).plan_for(DeclineFamily.FUNDS) == Plan()


def test_the_preset_is_valid_everywhere() -> None:
    for zone in sorted(available_timezones()):
        assert balanced(zone, version=3).version == 3


def test_the_preset_promises_three_retries_and_three_reminders() -> None:
    preset = balanced("Europe/Berlin")
    assert set(preset.plans) == set(DeclineFamily)
    for family, plan in preset.plans.items():
        assert len(plan.retries) == (0 if family in ASKS else 3)
        assert len(plan.reminders) == (0 if family is DeclineFamily.CHECK else 3)


def test_the_preset_keeps_to_stripes_advice_of_eight_retries_and_one_a_day() -> None:
    preset = balanced("Europe/Berlin")
    assert (preset.card_month_limit, preset.card_day_limit) == (8, 1)
    assert preset.stripe_retries is StripeRetries.TAKE_OVER


def test_a_policy_is_compared_by_what_it_says() -> None:
    one, other = balanced("Europe/Berlin"), balanced("Europe/Berlin")
    assert one == other
    assert isinstance(one, Policy)
