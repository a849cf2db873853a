"""Places: what an hour of the history was like for a customer's clock and bank.

Each place (country, kind of card, zone) keeps for every hour one byte: the local hour and how far
the latest likely pay day lies back. They are filled by the calendar that production uses.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.backtest.strata import PAY_DAY_AGES, PAYS
from domain.calendar import is_timezone
from domain.calendar.paydays import POSTED_BY_HOUR, pay_calendar
from domain.calendar.zones import main_zone

HOUR_SECONDS: Final = 3600
CHUNK_BITS: Final = 9  # 512 hours: three weeks
CHUNK_MASK: Final = (1 << CHUNK_BITS) - 1
STRETCH_HOURS: Final = 8  # of a chunk; a divisor of its length
DAY_HOURS: Final = 24


class Place:
    """One kind of customer; `chunks` by hour >> CHUNK_BITS, `chunk` makes those not there yet."""

    __slots__ = (
        "_bands", "chunks", "country", "first", "funding", "number", "steps", "timezone", "zone",
    )  # fmt: skip

    def __init__(
        self, number: int, country: str | None, funding: str | None, timezone: str | None
    ) -> None:
        self.number, self.country, self.funding = number, country, funding
        known = timezone if timezone and is_timezone(timezone) else main_zone(country)
        self.timezone = known or "UTC"
        self.zone = ZoneInfo(self.timezone)
        self.chunks: dict[int, bytes] = {}
        self._bands: dict[int, int] = {}  # by bank day, how far back a pay day lies
        # Of the tally: what each hour from `first` on adds to the number of a charge's stratum.
        self.first, self.steps = 0, list[int]()

    def code(self, hour: int) -> int:
        """Local hour x PAYS + pay band of the hour `hour` (since 1970, UTC)."""
        chunk = self.chunks.get(hour >> CHUNK_BITS) or self.chunk(hour >> CHUNK_BITS)
        return chunk[hour & CHUNK_MASK]

    def chunk(self, number: int) -> bytes:
        """Fill three weeks of hours."""
        first = number << CHUNK_BITS
        made = bytearray()
        for start in range(first, first + CHUNK_MASK + 1, STRETCH_HOURS):
            made += self._stretch(start)
        self.chunks[number] = bytes(made)
        return self.chunks[number]

    def _stretch(self, first: int) -> bytes:
        """A third of a day; the clock is asked for each hour only where it is being changed."""
        local, last = self._clock(first), self._clock(first + STRETCH_HOURS - 1)
        if last - local == STRETCH_HOURS - 1:
            return bytes([self._code(clock) for clock in range(local, last + 1)])
        hours = range(first, first + STRETCH_HOURS)
        return bytes([self._code(self._clock(hour)) for hour in hours])

    def _clock(self, hour: int) -> int:
        """What the clock on the wall shows, in hours since its day 0."""
        local = instant(hour * HOUR_SECONDS).astimezone(self.zone)
        return local.toordinal() * DAY_HOURS + local.hour

    def _code(self, clock: int) -> int:
        bank_day = (clock - POSTED_BY_HOUR) // DAY_HOURS
        band = self._bands.get(bank_day)
        if band is None:
            band = self._bands[bank_day] = self._band(bank_day)
        return clock % DAY_HOURS * PAYS + band

    def _band(self, bank_day: int) -> int:
        calendar = pay_calendar(self.country, self.funding, date.fromordinal(bank_day).year)
        return bisect_right(PAY_DAY_AGES, calendar.since[bank_day - calendar.start])


def instant(seconds: int) -> datetime:
    """Unix seconds as an instant."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
