"""Public holidays of whole countries. Regional ones are left out: banks post on most of them."""

from datetime import date
from functools import lru_cache
from typing import Final

import holidays

MOST_YEARS: Final = 2_000  # country and year, remembered: each takes a millisecond to work out


def public_holidays(country: str | None, first: date, last: date) -> tuple[date, ...]:
    """The Holidays port: those from `first` to `last`, both included, in their order."""
    if country is None:
        return ()
    return tuple(
        day
        for year in range(first.year, last.year + 1)
        for day in _of_year(country.upper(), year)
        if first <= day <= last
    )


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(holidays.list_supported_countries(include_aliases=False))


@lru_cache(maxsize=MOST_YEARS)
def _of_year(country: str, year: int) -> tuple[date, ...]:
    if country not in _known():
        return ()
    found = holidays.country_holidays(country, years=year)
    return tuple(sorted(day for day in found if day.year == year))
