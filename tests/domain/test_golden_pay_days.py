"""The pay days of every country in one spring, holidays in it (see `golden_files`)."""

from datetime import date
from typing import Final

from domain.calendar.paydays import RULES, likely_pay_days
from tests.domain.golden_files import assert_golden

FIRST, LAST = date(2026, 2, 1), date(2026, 4, 30)
# A weekday after which the month is still young, its fifteenth, and Easter around a month's end.
HOLIDAYS: Final = (date(2026, 2, 2), date(2026, 4, 3), date(2026, 4, 6), date(2026, 4, 15))


def spring(country: str | None, funding: str) -> str:
    """A line a month: each day and the share of people who are paid on it, in hundredths."""
    paid = likely_pay_days(country, funding, FIRST, LAST, HOLIDAYS)
    months = {month: [p for p in paid if p.day.month == month] for month in (2, 3, 4)}
    return "\n".join(
        f"2026-{month:02}: " + ", ".join(f"{p.day:%a %d} {100 * p.weight:.1f}" for p in days)
        for month, days in months.items()
    )


def test_pay_days_are_what_their_golden_file_says() -> None:
    asked = [(country, "debit") for country in (*sorted(RULES), "SA", None)]
    asked += [("US", "credit"), ("US", "unheard of")]
    assert_golden(
        "pay_days.txt",
        "".join(
            f"# {country}, {funding}\n{spring(country, funding)}\n\n" for country, funding in asked
        ),
    )
