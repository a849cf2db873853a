"""Local time, quickly: the offsets of a zone are looked up once a day and then remembered."""

from bisect import bisect_right
from datetime import UTC, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

HOUR_S: Final = 3600
DAY_S: Final = 86400
FIRST: Final = int(datetime(2024, 12, 1, tzinfo=UTC).timestamp())
LAST: Final = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def offset_s(zone: str, at: int) -> int:
    """Seconds that the zone is ahead of UTC at a unix instant; changes are exact to the hour."""
    starts, offsets = _offsets(zone)
    return offsets[max(0, bisect_right(starts, at) - 1)]


def local_day(zone: str, at: int) -> int:
    """The number of the local day; consecutive days have consecutive numbers."""
    return (at + offset_s(zone, at)) // DAY_S


def local_hour(zone: str, at: int) -> int:
    """The hour on the wall, 0 to 23."""
    return (at + offset_s(zone, at)) % DAY_S // HOUR_S


def at_local_hour(zone: str, day: int, hour: float) -> int:
    """The unix instant of an hour on a local day (days since 1970-01-01)."""
    wall = day * DAY_S + int(hour * HOUR_S)
    return wall - offset_s(zone, wall - offset_s(zone, wall))


@cache
def _offsets(zone: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    info = ZoneInfo(zone)
    starts, offsets = [FIRST], [_exactly(info, FIRST)]
    for at in range(FIRST, LAST, HOUR_S):
        if (found := _exactly(info, at)) != offsets[-1]:
            starts.append(at)
            offsets.append(found)
    return tuple(starts), tuple(offsets)


def _exactly(info: ZoneInfo, at: int) -> int:
    offset = datetime.fromtimestamp(at, info).utcoffset()
    return int(offset.total_seconds()) if offset else 0
