"""Tasks: what a person of the merchant's team is asked to do, why, and until when."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from domain.calendar.paydays import is_working_day
from domain.policy.shapes import EndAction
from domain.recovery.events import Problem
from domain.recovery.state import RecoveryCase
from domain.recovery.transitions import Phase

DAY_ENDS: Final = 18  # local hour at which what is due on a day is due
MORNING: Final = 8  # local hour at which the overdue ones are told of
MOST_DAYS: Final = 30
MOST_CURRENCIES: Final = 20
MOST_AMOUNT: Final = 10**12  # in minor units


class TaskKind(StrEnum):
    """Why a person is asked. The names are stored."""

    LARGE_AMOUNT = "large_amount"  # so much is owed that somebody should look at it
    SOMETHING_WRONG = "something_wrong"  # the customer says so; all rests until it is answered
    DEAD_ADDRESS = "dead_address"  # no letter reaches them
    COMPLAINT = "complaint"  # they called a letter spam
    CONFIRM_END = "confirm_end"  # an end that nothing brings back waits for a word
    CAPABILITY_MISSING = "capability_missing"  # Stripe does not let us do it


# What keeps a letter from a customer: their owner's task as long as something is owed.
UNREACHABLE: Final = (TaskKind.DEAD_ADDRESS, TaskKind.COMPLAINT)
# What a case is asked about on its own page: the answer is what does it, and nothing else.
ON_THE_CASE: Final = (
    TaskKind.SOMETHING_WRONG,
    TaskKind.CONFIRM_END,
    TaskKind.CAPABILITY_MISSING,
)


class HandOff(Struct, frozen=True, kw_only=True):
    """The numbers of handing over to people. A merchant sees and changes all of them."""

    large: Mapping[str, int]  # currency -> from this amount on, in minor units
    due_days: Mapping[TaskKind, int]  # working days until a task is due

    def is_large(self, amount_minor: int, currency: str) -> bool:
        """A currency that is not named has no large amounts."""
        least = self.large.get(currency)
        return least is not None and amount_minor >= least


# What a merchant begins with, shown on the page like all that was chosen since.
TO_BEGIN_WITH: Final = HandOff(
    large={"eur": 1_000_00, "gbp": 1_000_00, "usd": 1_000_00},
    due_days={
        TaskKind.LARGE_AMOUNT: 2,
        TaskKind.SOMETHING_WRONG: 1,
        TaskKind.DEAD_ADDRESS: 2,
        TaskKind.COMPLAINT: 1,
        TaskKind.CONFIRM_END: 3,
        TaskKind.CAPABILITY_MISSING: 1,
    },
)


def asked_by(case: RecoveryCase) -> dict[TaskKind, str]:
    """What a case asks of the merchant, and about what: empty unless it needs them."""
    asked: dict[TaskKind, str] = {}
    if case.is_questioned and case.pause is not None:
        asked[TaskKind.SOMETHING_WRONG] = (case.pause.about or Problem.OTHER).value
    if case.end_waits:
        asked[TaskKind.CONFIRM_END] = case.then.value
    if case.by_hand is not EndAction.KEEP:
        asked[TaskKind.CAPABILITY_MISSING] = case.by_hand.value
    return asked


def is_settled(case: RecoveryCase) -> bool:
    """Nothing is owed any more, or nothing is left to chase. Of a lost case money is still owed."""
    return case.phase is not Phase.NEW and not case.is_open and case.phase is not Phase.LOST


def due_at(opened_at: datetime, days: int, zone: str) -> datetime:
    """The end of the working day that is `days` working days after the one it was opened on."""
    day = opened_at.astimezone(ZoneInfo(zone)).date()
    while days > 0:
        day += timedelta(days=1)
        days -= is_working_day(day, None)
    return datetime.combine(day, time(DAY_ENDS), ZoneInfo(zone)).astimezone(UTC)


def this_morning(now: datetime, zone: str) -> datetime:
    """The latest instant at which it was MORNING, local time."""
    local = now.astimezone(ZoneInfo(zone))
    at = datetime.combine(local.date(), time(MORNING), local.tzinfo)
    if at > local:
        at = datetime.combine(local.date() - timedelta(days=1), time(MORNING), local.tzinfo)
    return at.astimezone(UTC)


def next_morning(now: datetime, zone: str) -> datetime:
    """The first instant after `now` at which it will be MORNING."""
    local = now.astimezone(ZoneInfo(zone))
    day = local.date()
    while (at := datetime.combine(day, time(MORNING), local.tzinfo)) <= local:
        day += timedelta(days=1)
    return at.astimezone(UTC)
