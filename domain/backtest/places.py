"""Places: what an hour of the history was like for a customer's clock and bank.

Each place (country, kind of card, zone) keeps for every hour one byte: the local hour and how far
the latest likely pay day lies back. They are filled by the calendar that production uses.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.backtest.strata import PAY_DAY_AGES, PAYS
from domain.calendar import is_timezone
from domain.calendar.paydays import POSTED_BY_HOUR, pay_calendar
from domain.calendar.zones import main_zone

HOUR_SECONDS: Final = 3600
CHUNK_BITS: Final = 9  # 512 hours: three weeks
CHUNK_MASK: Final = (1 << CHUNK_BITS) - 1


class Place:
    """One kind of customer; `chunks` by hour >> CHUNK_BITS, `chunk` makes those not there yet."""

    __slots__ = ("chunks", "country", "first", "funding", "number", "steps", "timezone", "zone")

    def __init__(
        self, number: int, country: str | None, funding: str | None, timezone: str | None
    ) -> None:
        self.number, self.country, self.funding = number, country, funding
        known = timezone if timezone and is_timezone(timezone) else main_zone(country)
        self.timezone = known or "UTC"
        self.zone = ZoneInfo(self.timezone)
        self.chunks: dict[int, bytes] = {}
        # Of the tally: what each hour from `first` on adds to the number of a charge's stratum.
        self.first, self.steps = 0, list[int]()

    def code(self, hour: int) -> int:
        """Local hour x PAYS + pay band of the hour `hour` (since 1970, UTC)."""
        chunk = self.chunks.get(hour >> CHUNK_BITS) or self.chunk(hour >> CHUNK_BITS)
        return chunk[hour & CHUNK_MASK]

    def chunk(self, number: int) -> bytes:
        """Fill three weeks of hours."""
        first = number << CHUNK_BITS
        made = bytes(self._code(hour) for hour in range(first, first + CHUNK_MASK + 1))
        self.chunks[number] = made
        return made

    def _code(self, hour: int) -> int:
        local = instant(hour * HOUR_SECONDS).astimezone(self.zone)
        bank_day = local.toordinal() - (local.hour < POSTED_BY_HOUR)
        calendar = pay_calendar(self.country, self.funding, local.year)
        known = min(max(bank_day - calendar.start, 0), len(calendar.since) - 1)
        return local.hour * PAYS + bisect_right(PAY_DAY_AGES, calendar.since[known])


def instant(seconds: int) -> datetime:
    """Unix seconds as an instant."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
