"""Counting a history: one pass, whose memory depends on how varied the cases are, not how many.

Persons fall into GROUPS groups by their key; all is counted by group, so that the spread between
groups tells how sure the sums are, although cases of one person are not independent.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple
from zlib import crc32

from domain.backtest.history import PastCase
from domain.backtest.places import CHUNK_BITS, HOUR_SECONDS, Place
from domain.backtest.strata import (
    CODE_OFFSETS,
    FAMILIES,
    LETTERS,
    MOST_HOURS,
    NUMBERS,
    PER_FAMILY,
    SINCE_OFFSETS,
    STRATA,
    quiet_stratum,
)
from domain.money import rough_cents
from domain.network import BARRING

GROUPS: Final = 32
DAY_SECONDS: Final = 86_400
SLOT_HOURS: Final = 3  # cases that opened in the same three hours are planned together
RATE_MINOR: Final = 1_000_000
DAYS: Final = 128  # of a case, the first of them: longer than any window

# A lot is one number: slot of the opening, kind of case (`Kinds`), family.
FAMILY_BITS, SLOT_BITS, KIND_BITS = 3, 21, 12
KIND_SHIFT: Final = FAMILY_BITS + SLOT_BITS
# How many places are planned apart; those beyond are planned like the last.
MOST_PLACES: Final = 4096
# By the text of a family: hashing a member of an enumeration takes five times as long.
FAMILY_NUMBERS: Final = {str(family): number for number, family in enumerate(FAMILIES)}
# The offsets of a charge's stratum, by group of persons: of the clock hours since the failure, of
# the hour itself, and of the first, second and further charge by family and group.
SINCE_STEPS: Final = tuple(
    SINCE_OFFSETS[min(hours, MOST_HOURS)] * GROUPS for hours in range(DAYS * 24)
)
CODE_STEPS: Final = tuple(offset * GROUPS for offset in CODE_OFFSETS)
FAMILY_STEP: Final = PER_FAMILY * GROUPS
MOST_CHARGES: Final = 64  # of one case; no network allows so many
NUMBER_STEPS: Final = tuple(
    tuple(
        family * FAMILY_STEP + group + min(number, NUMBERS - 1) * GROUPS
        for number in range(MOST_CHARGES)
    )
    for family in range(len(FAMILIES))
    for group in range(GROUPS)
)
OWN_STEP: Final = LETTERS * DAYS  # of a family's group in the customers' own days

KindOf = Callable[[PastCase], int]
Where = tuple[str | None, str | None, str | None]


class MixKey(NamedTuple):
    """Cases that are planned together."""

    place: int
    family: int
    kind: int
    slot: int


class Tally:
    """What a history holds, counted."""

    def __init__(self, kind_of: KindOf | None = None) -> None:
        self._kind_of = kind_of
        self.places: dict[Where, Place] = {}
        self.tries = [0] * (STRATA * GROUPS)
        self.won = [0] * (STRATA * GROUPS)
        self.mix: dict[MixKey, list[float]] = {}  # cases, rough cents
        self.barred = [0] * len(FAMILIES)
        self.attempts = [0] * len(FAMILIES)
        self.refused = [0] * len(FAMILIES)
        self.cases = [0] * len(FAMILIES)
        self.cents = [0.0] * len(FAMILIES)
        self.recovered = [0.0] * len(FAMILIES)
        self.messages = 0
        self.squares = 0.0  # of the cents of a case, summed: how much one case can weigh
        self._lots: list[dict[int, list[float]]] = []  # by place
        # Cases by family, group, messages received and day: those in which the customer paid at
        # the end of it, that ended otherwise, and that got the next message.
        self._paid = [0] * (len(FAMILIES) * GROUPS * OWN_STEP)
        self._ended, self._moved = list(self._paid), list(self._paid)

    def read(self, cases: Iterable[PastCase]) -> None:  # noqa: C901, PLR0912, PLR0915 - see below
        """Count cases. One loop, for a million of them: a call for each would cost 0.1 s more."""
        known: dict[tuple[*Where, str], tuple[Place, dict[int, list[float]], float]] = {}
        tries, won, barred, kind_of = self.tries, self.won, self.barred, self._kind_of
        paid, ended, moved = self._paid, self._ended, self._moved
        numbers, since_steps, number_steps = FAMILY_NUMBERS, SINCE_STEPS, NUMBER_STEPS
        recovered, squares, written = self.recovered, 0.0, 0
        for case in cases:
            family, opened_at = numbers[case.family._value_], case.opened_at
            try:
                place, lots, rate = known[case.country, case.funding, case.timezone, case.currency]
            except KeyError:
                where = (case.country, case.funding, case.timezone, case.currency)
                known[where] = place, lots, rate = self._new(case)
            cents = case.amount_minor * rate
            squares += cents * cents
            opened = opened_at // HOUR_SECONDS
            key = opened // SLOT_HOURS << FAMILY_BITS | family
            if kind_of is not None:
                key |= kind_of(case) << KIND_SHIFT
            try:
                lot = lots[key]
                lot[0] += 1
                lot[1] += cents
            except KeyError:
                lots[key] = [1, cents]
            whose = family * GROUPS + (crc32(case.customer.encode()) & (GROUPS - 1))
            charges, came = case.charges, False
            if charges:
                since_first = opened - place.first
                if since_first < 0 or not place.steps:
                    since_first = _reach(place, opened)
                steps = place.steps
                for charge, number_step in zip(charges, number_steps[whose], strict=False):
                    hours = charge.at // HOUR_SECONDS - opened
                    try:
                        index = number_step + since_steps[hours] + steps[since_first + hours]
                    except IndexError:
                        since_first = _reach(place, opened + hours) - hours
                        index = number_step + since_steps[min(hours, len(since_steps) - 1)]
                        index += steps[since_first + hours]
                    tries[index] += 1
                    if charge.succeeded:
                        won[index] += 1
                        came = True
                    elif charge.family is not None and charge.family in BARRING:
                        barred[family] += 1
            paid_at = case.paid_at
            if paid_at is None:
                end = (case.closed_at - opened_at) // DAY_SECONDS
                over = ended
            else:
                end = (paid_at - opened_at) // DAY_SECONDS + 1
                over, came = paid, True
            if came:
                recovered[family] += cents
            if end >= DAYS:
                end = DAYS - 1
            index = whose * OWN_STEP
            letters = case.messages
            if letters:
                written += len(letters)
                for at in letters[: LETTERS - 1]:
                    day = (at - opened_at) // DAY_SECONDS
                    if day < end:
                        moved[index + day] += 1
                        index += DAYS
            over[index + end] += 1
        self.squares += squares
        self.messages += written

    def close(self) -> None:
        """Add up what was only noted: the customers' own days, and the sums by family."""
        for whose in range(len(FAMILIES) * GROUPS):
            self._live(*divmod(whose, GROUPS))
        for place, lots in enumerate(self._lots):
            for packed, lot in lots.items():
                key = _unpacked(place, packed)
                self.mix[key] = lot
                self.cases[key.family] += int(lot[0])
                self.cents[key.family] += lot[1]
        for family in range(len(FAMILIES)):
            of_family = slice(family * FAMILY_STEP, (family + 1) * FAMILY_STEP)
            self.attempts[family] = sum(self.tries[of_family])
            self.refused[family] = self.attempts[family] - sum(self.won[of_family])

    def _live(self, family: int, group: int) -> None:
        """Each whole day that a case was open, and the day of paying, is a try of the customer."""
        first = (family * GROUPS + group) * OWN_STEP
        cases = sum(sum(noted[first : first + OWN_STEP]) for noted in (self._paid, self._ended))
        entered = [cases] + [0] * (DAYS - 1)
        for letters in range(LETTERS if cases else 0):
            at, open_cases = first + letters * DAYS, 0
            for day in range(DAYS):
                left = self._paid[at + day] + self._ended[at + day] + self._moved[at + day]
                open_cases += entered[day] - left
                self.tries[quiet_stratum(family, day, letters) * GROUPS + group] += open_cases
                if self._paid[at + day]:
                    stratum = quiet_stratum(family, day - 1, letters)
                    self.won[stratum * GROUPS + group] += self._paid[at + day]
            entered = self._moved[at : at + DAYS]

    def _new(self, case: PastCase) -> tuple[Place, dict[int, list[float]], float]:
        """What a new kind of customer is counted by: the place, its lots, the currency's rate."""
        place = self._place(case)
        rate = rough_cents(RATE_MINOR, case.currency) / RATE_MINOR
        return place, self._lots[place.number], rate

    def _place(self, case: PastCase) -> Place:
        where = (case.country, case.funding, case.timezone)
        place = self.places.get(where)
        if place is None:
            number = min(len(self.places), MOST_PLACES - 1)
            place = self.places[where] = Place(number, *where)
            if number == len(self._lots):
                self._lots.append({})
        return place


def _reach(place: Place, hour: int) -> int:
    """Make the place know what this hour adds, by whole chunks; where it stands in `steps`."""
    if not place.steps:
        place.first = hour >> CHUNK_BITS << CHUNK_BITS
    while hour < place.first:
        place.first -= 1 << CHUNK_BITS
        chunk = place.chunk(place.first >> CHUNK_BITS)
        place.steps[:0] = [CODE_STEPS[code] for code in chunk]
    while hour - place.first >= len(place.steps):
        chunk = place.chunk((place.first + len(place.steps)) >> CHUNK_BITS)
        place.steps += [CODE_STEPS[code] for code in chunk]
    return hour - place.first


def _unpacked(place: int, packed: int) -> MixKey:
    return MixKey(
        place=place,
        family=packed & ((1 << FAMILY_BITS) - 1),
        kind=packed >> KIND_SHIFT,
        slot=packed >> FAMILY_BITS & ((1 << SLOT_BITS) - 1),
    )
