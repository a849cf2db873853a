"""The main zone of a country: a guess that is right for most of its people."""

import pytest

from domain.calendar.hours import is_timezone
from domain.calendar.zones import MAIN_ZONES, main_zone


@pytest.mark.parametrize(
    ("country", "zone"), [("DE", "Europe/Berlin"), ("us", "America/New_York"), ("JP", "Asia/Tokyo")]
)
def test_a_country_has_the_zone_of_most_of_its_people(country: str, zone: str) -> None:
    assert main_zone(country) == zone


@pytest.mark.parametrize("country", [None, "", "ZZ", "Germany"])
def test_a_country_that_is_not_in_the_table_has_none(country: str | None) -> None:
    assert main_zone(country) is None


def test_every_zone_of_the_table_is_one_that_clocks_know() -> None:
    assert [name for name in MAIN_ZONES.values() if not is_timezone(name)] == []
    assert all(len(country) == 2 and country.isupper() for country in MAIN_ZONES)
