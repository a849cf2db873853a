"""Strata: a number for each kind of instant, and back; and whose clock an instant is read by."""

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.backtest.neighbours import (
    CHARGE_TRAITS,
    NEIGHBOURS,
    QUIET_TRAITS,
    _by_trait,
    bands_of,
)
from domain.backtest.places import Place as Clock
from domain.backtest.strata import (
    CHARGES,
    FAMILIES,
    HOURS,
    NUMBER_STARTS,
    PAYS,
    PER_FAMILY,
    QUIET_DAYS,
    QUIET_PER_FAMILY,
    SINCE_HALF_DAYS,
    STRATA,
    Place,
    charge_stratum,
    family_of_stratum,
    in_words,
    place_of,
    quiet_stratum,
)

families = st.integers(0, len(FAMILIES) - 1)


@given(
    families, st.integers(0, 600), st.integers(0, 23), st.integers(0, PAYS - 1), st.integers(0, 90)
)
def test_a_charges_number_says_all_that_it_was_made_of(
    family: int, hours: int, local_hour: int, pay: int, earlier: int
) -> None:
    stratum = charge_stratum(family, hours, local_hour * PAYS + pay, earlier)
    assert place_of(stratum) == Place(
        FAMILIES[family],
        True,
        bisect_right(SINCE_HALF_DAYS, hours // 12),
        pay,
        bisect_right(HOURS, local_hour),
        bisect_right(NUMBER_STARTS, earlier),
    )
    assert family_of_stratum(stratum) == family


@given(families, st.integers(0, 60), st.integers(0, 9))
def test_a_customers_days_number_says_all_that_it_was_made_of(
    family: int, day: int, letters: int
) -> None:
    stratum = quiet_stratum(family, day, letters)
    band = bisect_right(QUIET_DAYS, day)
    assert place_of(stratum) == Place(FAMILIES[family], False, band, number=min(letters, 2))
    assert family_of_stratum(stratum) == len(FAMILIES) + family


def test_every_stratum_has_words_of_its_own() -> None:
    assert len({in_words(stratum) for stratum in range(STRATA)}) == STRATA


def test_bands_of_traits_number_the_strata_of_a_family_one_by_one() -> None:
    for traits, first, length in (
        (CHARGE_TRAITS, PER_FAMILY, PER_FAMILY),
        (QUIET_TRAITS, CHARGES, QUIET_PER_FAMILY),
        (QUIET_TRAITS, CHARGES + QUIET_PER_FAMILY, QUIET_PER_FAMILY),
    ):
        for within in range(length):
            found = bands_of(first + within)
            assert sum(b * step for b, (step, _) in zip(found, traits, strict=True)) == within
            assert all(b < bands for b, (_, bands) in zip(found, traits, strict=True))


def test_the_table_of_neighbours_is_what_its_rule_makes() -> None:
    assert tuple(tuple(_by_trait(stratum)) for stratum in range(STRATA)) == NEIGHBOURS


@pytest.mark.parametrize(
    ("country", "timezone", "known"),
    [
        ("DE", None, "Europe/Berlin"),
        ("DE", "Asia/Tokyo", "Asia/Tokyo"),
        ("DE", "Mars/Olympus", "Europe/Berlin"),
        ("??", "", "UTC"),
        (None, None, "UTC"),
    ],
)
def test_a_place_goes_by_the_zone_it_names_or_by_its_countrys(
    country: str | None, timezone: str | None, known: str
) -> None:
    place = Clock(3, country, "debit", timezone)
    assert (place.number, place.timezone, place.zone.key) == (3, known, known)
    assert (place.country, place.funding) == (country, "debit")


def test_weeks_of_hours_are_made_once() -> None:
    place = Clock(0, "DE", None, None)
    made = place.code(500_000)
    weeks = dict(place.chunks)
    assert [len(week) for week in weeks.values()] == [512]
    assert place.code(500_000) == made
    assert all(place.chunks[number] is week for number, week in weeks.items())
