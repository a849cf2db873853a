"""What the model looks at: each fact of a situation and an instant falls into one named bucket.

A bucket's key is (kind, family, value). `case_keys` do not depend on the instant, `instant_keys`
do; `moment` is the one place where an instant becomes local.
"""

from bisect import bisect_right
from calendar import monthrange
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from domain.calendar.hours import is_timezone
from domain.calendar.paydays import PayCalendar, pay_calendar
from domain.timing.situation import Situation

Key = tuple[str, str, str | int]

HOUR_SECONDS: Final = 3600
# A card that changed since the last refusal is another matter than any family.
NEW_CARD: Final = "new_card"

# Upper bounds (exclusive) of the bands; the last band is open.
SINCE_DAYS: Final = (1, 2, 3, 4, 6, 8, 11, 15, 22, 31)
GAP_HOURS: Final = (2, 6, 20, 30, 54, 96, 192)
PAID_SHARES: Final = (1, 4, 9, 16, 24)  # twentieths of all people
PACE_HOURS: Final = (12, 24, 36, 54, 80, 120)
PAY_DAY_AGES: Final = (1, 2, 3, 4, 6, 9)
HOUR_BANDS: Final = (6, 9, 12, 18)
AMOUNT_CENTS: Final = (10_00, 30_00, 100_00, 300_00)
TENURE_DAYS: Final = (35, 100, 370)
MONTH_DECLINES: Final = (2, 4, 7, 11)
MOST_RETRIES_COUNTED: Final = 10
MOST_MESSAGES_COUNTED: Final = 3
LAST_WEEK: Final = 4  # and all after it
WEEK: Final = timedelta(days=7)
MOST_NUMBERED: Final = 6  # messages before this one, for what one more brings and risks
# The last days of a month are counted from its end, for months differ in length.
COUNTED_FROM_END: Final = 4
MONTH_DAYS: Final = (*range(-COUNTED_FROM_END, 28), *range(28, 32))


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; UTC for a name that nobody knows."""
    return ZoneInfo(name if is_timezone(name) else "UTC")


def family_key(situation: Situation) -> str:
    """Under which name the family's experience is kept."""
    return NEW_CARD if situation.new_card else str(situation.family)


def case_keys(situation: Situation) -> list[Key]:
    """The buckets of a case that are the same at every instant."""
    family = family_key(situation)
    country = situation.country or "?"
    abroad = situation.card_country not in (None, situation.country)
    tenure = situation.tenure_days
    return [
        ("base", family, ""),
        ("code", family, situation.code or "?"),
        ("funding", family, situation.funding or "?"),
        ("brand", "", situation.brand or "?"),
        ("amount", family, bisect_right(AMOUNT_CENTS, situation.amount_cents)),
        ("country", "", country),
        ("abroad", "", int(abroad)),
        ("interval", "", situation.interval or "?"),
        ("tenure", "", "?" if tenure is None else bisect_right(TENURE_DAYS, tenure)),
        ("declines", "", bisect_right(MONTH_DECLINES, situation.month_tries)),
        ("messages", family, min(situation.messages, MOST_MESSAGES_COUNTED)),
        ("asked", family, int(situation.asked)),
        ("merchant", "", situation.merchant),
        ("merchant", family, situation.merchant),
    ]


def retries_key(family: str, retries: int) -> Key:
    """The bucket of how often the card on file was tried again before."""
    return ("retries", family, min(retries, MOST_RETRIES_COUNTED))


def since_key(family: str, days: int) -> Key:
    """The bucket of whole days since the first refusal."""
    return ("since", family, bisect_right(SINCE_DAYS, days))


def gap_key(family: str, hours: float) -> Key:
    """The bucket of the time since the last try."""
    return ("gap", family, bisect_right(GAP_HOURS, hours))


def pace_key(family: str, hours: float, charges: int) -> Key:
    """The bucket of the hours a charge, on average since the first refusal: issuers that grow
    suspicious of haste show it here."""
    return ("pace", family, bisect_right(PACE_HOURS, hours / charges))


def paid_key(family: str, twentieths: int) -> Key:
    """The bucket of the share of people who were paid since the last try."""
    return ("paid", family, bisect_right(PAID_SHARES, twentieths))


def pay_day_key(family: str, days: int) -> Key:
    """The bucket of the days since the latest big pay day."""
    return ("pay_day", family, bisect_right(PAY_DAY_AGES, days))


def hour_keys(family: str, hour: int) -> tuple[Key, Key]:
    """The buckets of a local hour: its part of the day, and itself."""
    return ("hours", family, bisect_right(HOUR_BANDS, hour)), ("hour", family, hour)


def day_keys(family: str, country: str, day: date) -> tuple[Key, Key, Key, Key]:
    """The buckets of a local date: weekday and day of the month, everywhere and in the country."""
    weekday, month_day = day.weekday(), day_of_month(day)
    return (
        ("weekday", family, weekday),
        ("month_day", family, month_day),
        ("weekday_in", country, weekday),
        ("month_day_in", country, month_day),
    )


def day_of_month(day: date) -> int:
    """1, 2, 3 from the month's first day; 0, -1, -2, … for its last days."""
    left = _month_length(day.year, day.month) - day.day
    return -left if left <= COUNTED_FROM_END else day.day


@lru_cache(maxsize=1024)
def _month_length(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def calendar_of(situation: Situation, holidays: tuple[date, ...] = ()) -> PayCalendar:
    """The pay days that matter to this case."""
    year = situation.last_try_at.year
    return pay_calendar(situation.country, situation.funding, year, holidays)


def hours_between(earlier: datetime, later: datetime) -> int:
    """Whole hours, rounded down."""
    return int((later - earlier).total_seconds() // HOUR_SECONDS)


def charge_keys(situation: Situation, at: datetime, holidays: tuple[date, ...] = ()) -> list[Key]:
    """Every bucket that a charge at `at` falls into."""
    zone = zone_of(situation.timezone)
    family = family_key(situation)
    local, last = at.astimezone(zone), situation.last_try_at.astimezone(zone)
    calendar = calendar_of(situation, holidays)
    day = calendar.place(local.toordinal(), local.hour)
    last_day = calendar.place(last.toordinal(), last.hour)
    gap = hours_between(situation.last_try_at, at)
    return [
        *case_keys(situation),
        retries_key(family, situation.tries),
        since_key(family, (at - situation.failed_at).days),
        gap_key(family, gap),
        pace_key(family, hours_between(situation.failed_at, at), situation.tries + 1),
        paid_key(family, calendar.paid[day] - calendar.paid[last_day]),
        pay_day_key(family, calendar.since[day]),
        *hour_keys(family, local.hour),
        *day_keys(family, situation.country or "?", local),
    ]


def week_of(situation: Situation, at: datetime) -> int:
    """How many whole weeks have passed since the first refusal."""
    return max(0, (at - situation.failed_at) // WEEK)


def message_keys(situation: Situation, template: str, channel: str) -> tuple[list[Key], list[Key]]:
    """The buckets of a message: for the customer's acting, and for cancelling."""
    family = family_key(situation)
    number = min(situation.messages, MOST_NUMBERED)
    interval = situation.interval or "?"
    act: list[Key] = [
        ("act", family, ""),
        ("act_number", "", number),
        ("act_template", family, template),
        ("act_channel", "", channel),
        ("act_asked", "", int(situation.asked)),
        ("act_interval", "", interval),
        ("act_merchant", "", situation.merchant),
    ]
    leave: list[Key] = [
        ("quit", "", ""),
        ("quit_number", "", number),
        ("quit_template", "", template),
        ("quit_channel", "", channel),
        ("quit_interval", "", interval),
        ("quit_merchant", "", situation.merchant),
    ]
    return act, leave


def quiet_keys(situation: Situation, week: int) -> tuple[list[Key], list[Key]]:
    """The buckets of a week without a message, the `week`-th (from 0) since the first refusal:
    for acting, and for cancelling. Who sees to it unasked does so early; who leaves does any day.
    """
    week = min(week, LAST_WEEK)
    act: list[Key] = [
        ("quiet_act", family_key(situation), ""),
        ("quiet_act_asked", "", int(situation.asked)),
        ("quiet_act_week", "", week),
    ]
    leave: list[Key] = [
        ("quiet_quit", "", ""),
        ("quiet_quit_interval", "", situation.interval or "?"),
        ("quiet_quit_week", "", week),
    ]
    return act, leave
