"""Strata: instants that are alike. What one taught, the backtest believes of the others in it.

A charge's stratum: family x days since the first failure x hours since pay day x local hour x which
charge it is. A customer's day: family x days since the first failure x messages received so far.
Each has a number, so that counting is adding to a list.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, NamedTuple

from domain.decline import DeclineFamily

# A bill that the customer pays by hand is nobody's charge: it is no part of a backtest.
FAMILIES: Final = tuple(family for family in DeclineFamily if family != DeclineFamily.OUTSTANDING)
FAMILY_NUMBER: Final[Mapping[DeclineFamily, int]] = {
    family: number for number, family in enumerate(FAMILIES)
}

# Upper bounds (exclusive) of the bands, the last band is open.
SINCE_HALF_DAYS: Final = (3, 8, 15, 29)
SINCE_WORDS: Final = (
    "within 1.5 days", "1.5 to 4 days later", "4 to 7.5 days later", "7.5 to 14.5 days later",
    "after 14.5 days",
)  # fmt: skip
PAY_DAY_AGES: Final = (2, 5)
PAY_WORDS: Final = (
    "on a pay day or the day after", "2 to 4 days after a pay day", "between pay days",
)  # fmt: skip
HOURS: Final = (6, 12)
HOUR_WORDS: Final = ("before 6 in the morning", "from 6 to noon", "after noon")
# How many charges were made before; a history of few charges says nothing of a sixth.
NUMBER_STARTS: Final = (1, 2, 3, 5)
NUMBER_WORDS: Final = (
    "first try", "second try", "third try", "fourth or fifth try", "sixth or later try",
)  # fmt: skip
QUIET_DAYS: Final = (1, 3, 7, 14, 28)
QUIET_WORDS: Final = (
    "on the first day", "on days 2 and 3", "on days 4 to 7", "in the second week",
    "in weeks 3 and 4", "after four weeks",
)  # fmt: skip
LETTER_WORDS: Final = ("without a message", "after one message", "after two or more messages")

PAYS, BANDS_OF_HOURS, NUMBERS = len(PAY_WORDS), len(HOUR_WORDS), len(NUMBER_WORDS)
SINCES, LETTERS, QUIETS = len(SINCE_WORDS), len(LETTER_WORDS), len(QUIET_WORDS)
PAY_STEP: Final = BANDS_OF_HOURS * NUMBERS
PER_SINCE: Final = PAYS * PAY_STEP
PER_FAMILY: Final = SINCES * PER_SINCE
CHARGES: Final = len(FAMILIES) * PER_FAMILY  # from here on the customers' own days
QUIET_PER_FAMILY: Final = QUIETS * LETTERS
STRATA: Final = CHARGES + len(FAMILIES) * QUIET_PER_FAMILY

MOST_HOURS: Final = SINCE_HALF_DAYS[-1] * 12
MOST_QUIET_DAYS: Final = QUIET_DAYS[-1]
# Offsets by clock hours since the failure's and by place code (local hour x pay band), made to be
# looked up a million times.
SINCE_OFFSETS: Final = tuple(
    bisect_right(SINCE_HALF_DAYS, hours // 12) * PER_SINCE for hours in range(MOST_HOURS + 1)
)
CODE_OFFSETS: Final = tuple(
    ((code % PAYS) * BANDS_OF_HOURS + bisect_right(HOURS, code // PAYS)) * NUMBERS
    for code in range(24 * PAYS)
)
MOST_CHARGES: Final = 64  # of one case; no network allows so many
NUMBER_BANDS: Final = tuple(bisect_right(NUMBER_STARTS, earlier) for earlier in range(MOST_CHARGES))
QUIET_BANDS: Final = tuple(bisect_right(QUIET_DAYS, day) for day in range(MOST_QUIET_DAYS + 1))


class Place(NamedTuple):
    """A stratum taken apart; `pay`, `hour` and `number` are 0 for a customer's day."""

    family: DeclineFamily
    charge: bool
    since: int
    pay: int = 0
    hour: int = 0
    number: int = 0  # which charge, or how many messages


def charge_stratum(family_number: int, hours: int, code: int, earlier: int) -> int:
    """The number of a charge's stratum, so many clock hours after the failure's; `earlier` charges
    were made before it."""
    return (
        family_number * PER_FAMILY
        + SINCE_OFFSETS[min(hours, MOST_HOURS)]
        + CODE_OFFSETS[code]
        + NUMBER_BANDS[min(earlier, MOST_CHARGES - 1)]
    )


def quiet_stratum(family_number: int, day: int, letters: int) -> int:
    """The number of the stratum of a customer's day, counted from 0."""
    band = QUIET_BANDS[min(day, MOST_QUIET_DAYS)]
    return CHARGES + family_number * QUIET_PER_FAMILY + band * LETTERS + min(letters, LETTERS - 1)


def place_of(stratum: int) -> Place:
    """What a number stands for."""
    if stratum >= CHARGES:
        family, rest = divmod(stratum - CHARGES, QUIET_PER_FAMILY)
        return Place(FAMILIES[family], False, rest // LETTERS, number=rest % LETTERS)
    family, rest = divmod(stratum, PER_FAMILY)
    since, rest = divmod(rest, PER_SINCE)
    pay, rest = divmod(rest, BANDS_OF_HOURS * NUMBERS)
    return Place(FAMILIES[family], True, since, pay, *divmod(rest, NUMBERS))


def family_of_stratum(stratum: int) -> int:
    """The number of its family; those of customers' days follow those of charges."""
    if stratum >= CHARGES:
        return len(FAMILIES) + (stratum - CHARGES) // QUIET_PER_FAMILY
    return stratum // PER_FAMILY


def in_words(stratum: int) -> str:
    """A stratum as a person would say it."""
    place = place_of(stratum)
    if not place.charge:
        return (
            f"{_name(place)}: the customer pays {QUIET_WORDS[place.since]}, "
            f"{LETTER_WORDS[place.number]}"
        )
    return (
        f"{_name(place)}: {NUMBER_WORDS[place.number]}, {SINCE_WORDS[place.since]}, "
        f"{PAY_WORDS[place.pay]}, {HOUR_WORDS[place.hour]}"
    )


def _name(place: Place) -> str:
    return place.family.replace("_", " ")
