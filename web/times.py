"""Instants as a person reads them, in the zone of the merchant."""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January February March April May June July August September October November December"
).split()


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """A zone by its IANA name; UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def day(at: datetime, zone: str) -> str:
    """4 Jul."""
    local = at.astimezone(zone_of(zone))
    return f"{local.day} {MONTHS[local.month - 1][:3]}"


def dated(at: datetime, zone: str) -> str:
    """4 Jul 2026: for what stays for years."""
    return f"{day(at, zone)} {at.astimezone(zone_of(zone)).year}"


def short(at: datetime, zone: str) -> str:
    """Fri 4 Jul, 09:00: for tables."""
    local = at.astimezone(zone_of(zone))
    weekday, month = DAYS[local.weekday()][:3], MONTHS[local.month - 1][:3]
    return f"{weekday} {local.day} {month}, {local.hour:02d}:{local.minute:02d}"


def date(at: datetime, zone: str) -> str:
    """Fri 4 Jul: where the hour goes without saying."""
    return short(at, zone).partition(",")[0]


def sentence(at: datetime, zone: str) -> str:
    """Friday 4 July at 09:00: for sentences."""
    local = at.astimezone(zone_of(zone))
    weekday, month = DAYS[local.weekday()], MONTHS[local.month - 1]
    return f"{weekday} {local.day} {month} at {local.hour:02d}:{local.minute:02d}"


def weekday_hour(at: datetime, zone: str) -> str:
    """Friday at 09:00: beside an instant whose date has been told."""
    local = at.astimezone(zone_of(zone))
    return f"{DAYS[local.weekday()]} at {local.hour:02d}:{local.minute:02d}"


def full(at: datetime, zone: str) -> str:
    """With year and zone: what hovering shows."""
    local = at.astimezone(zone_of(zone))
    weekday, month = DAYS[local.weekday()], MONTHS[local.month - 1]
    clock = f"{local.hour:02d}:{local.minute:02d}:{local.second:02d}"
    return f"{weekday} {local.day} {month} {local.year}, {clock} {zone} (UTC{local:%z})"


def relative(at: datetime, now: datetime) -> str:
    """in 3 days, 2 hours ago, just now: rounded down, one unit."""
    seconds = int((at - now).total_seconds())
    past, distance = seconds < 0, abs(seconds)
    if distance < 60:
        return "just now" if past else "now"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = distance // length
        if count:
            words = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"{words} ago" if past else f"in {words}"
    raise AssertionError("unreachable: a minute or more has a unit")


def tag(at: datetime, zone: str, text: str) -> Markup:
    """A `time` element around `text`, with the zone on hover."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        f"{at:%Y-%m-%dT%H:%M:%SZ}", full(at, zone), text
    )


def midnights(start: datetime, end: datetime, zone: str) -> list[datetime]:
    """The local midnights between two instants, at most 70."""
    local = zone_of(zone)
    first = start.astimezone(local).date() + timedelta(days=1)
    found = []
    for days in range(70):
        date = first + timedelta(days=days)
        midnight = datetime(date.year, date.month, date.day, tzinfo=local)
        if midnight >= end:
            break
        found.append(midnight)
    return found
