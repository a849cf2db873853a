"""Local time for what people notice: no mail at night, no charge at an hour that startles."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def is_timezone(name: str) -> bool:
    """True for a name that the functions here understand."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(name)


def next_at_hour(instant: datetime, hour: int, timezone: str) -> datetime:
    """The first instant at or after `instant` at which the wall clock in `timezone` shows `hour`.

    An hour that a clock change skips is taken when the clock has moved on; one that comes twice is
    taken the first time.
    """
    zone = ZoneInfo(timezone)
    day = instant.astimezone(zone).date()
    while True:
        candidate = datetime.combine(day, time(hour), zone).astimezone(UTC)
        if candidate >= instant:
            return candidate
        day += timedelta(days=1)


def within_hours(instant: datetime, first: int, last: int, timezone: str) -> datetime:
    """`instant` itself if the local hour is in [first, last), else the next time it is `first`."""
    if first <= instant.astimezone(ZoneInfo(timezone)).hour < last:
        return instant
    return next_at_hour(instant, first, timezone)
