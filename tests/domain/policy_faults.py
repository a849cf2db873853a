"""The fields for which a policy is faulted: for tests of its rules."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from domain.decline import DeclineFamily
from domain.policy import (
    ContactBudget,
    Economics,
    Match,
    Policy,
    PolicyInvalid,
    Since,
    Step,
    Template,
    balanced,
)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
FUNDS = DeclineFamily.FUNDS
GERMANS = Match(countries=("DE",))
CONTACTS = ContactBudget(gap=DAY, per_day=1, per_week=2, per_month=5)
ECONOMICS = Economics(attempt_cents=10, message_cents=1, cancelled_months=3, exploration_percent=30)


def plain(**changes: Any) -> Policy:
    """A policy of two weeks without plans, segments or arms."""
    base = {"plans": {}, "window": 14 * DAY, "contacts": CONTACTS, "economics": ECONOMICS}
    return replace(balanced("Europe/Berlin"), **{**base, **changes})


def faults_of(**changes: Any) -> list[str]:
    """The fields that a policy with these changes is faulted for; none if it is valid."""
    try:
        plain(**changes)
    except PolicyInvalid as invalid:
        return [fault.field for fault in invalid.faults if fault.message]
    return []


def a_step(after: timedelta = DAY, since: Since = Since.OPENED, **changes: Any) -> Step:
    return Step(template=Template.PAYMENT_FAILED, after=after, since=since, **changes)
