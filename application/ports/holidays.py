"""Public holidays: kept by people who watch over them, and no business of a pure domain."""

from collections.abc import Callable
from datetime import date

# (ISO 3166 country or None, first day, last day) -> the public holidays in between, in their order;
# none for a country that nobody knows.
Holidays = Callable[[str | None, date, date], tuple[date, ...]]


def no_holidays(_country: str | None, _first: date, _last: date) -> tuple[date, ...]:
    """For whoever has no calendar."""
    return ()
