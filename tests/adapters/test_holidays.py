"""Public holidays of countries, between two days."""

from datetime import date

import pytest

from adapters.holidays import public_holidays


def test_holidays_between_two_days_come_in_order_both_ends_included() -> None:
    found = public_holidays("DE", date(2026, 12, 25), date(2027, 1, 1))
    assert found == (date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1))


def test_each_country_has_its_own() -> None:
    july = (date(2026, 7, 1), date(2026, 7, 31))
    assert public_holidays("FR", *july) == (date(2026, 7, 14),)
    assert public_holidays("us", *july) == (date(2026, 7, 3), date(2026, 7, 4))
    assert public_holidays("DE", *july) == ()


@pytest.mark.parametrize("country", [None, "ZZ", "", "Germany"])
def test_a_country_that_nobody_knows_has_none(country: str | None) -> None:
    assert public_holidays(country, date(2026, 1, 1), date(2026, 12, 31)) == ()


def test_no_day_lies_between_days_in_the_wrong_order() -> None:
    assert public_holidays("DE", date(2026, 12, 31), date(2026, 1, 1)) == ()
