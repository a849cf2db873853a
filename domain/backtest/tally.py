"""Counting a history: one pass, whose memory depends on how varied the cases are, not how many.

Persons fall into GROUPS groups by their key; all is counted by group, so that the spread between
groups tells how sure the sums are, although cases of one person are not independent.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate, groupby, islice, repeat
from operator import mul
from typing import Final, NamedTuple
from zlib import crc32

from msgspec import Struct

from domain.backtest.history import PastCase
from domain.backtest.places import CHUNK_BITS, HOUR_SECONDS, Place
from domain.backtest.strata import (
    CODE_OFFSETS,
    FAMILIES,
    LETTERS,
    MOST_CHARGES,
    MOST_HOURS,
    NUMBER_BANDS,
    PER_FAMILY,
    QUIET_DAYS,
    SINCE_OFFSETS,
    STRATA,
    quiet_stratum,
)
from domain.money import rough_cents
from domain.network import BARRING

GROUP_BITS: Final = 5
GROUPS: Final = 1 << GROUP_BITS
DAY_SECONDS: Final = 86_400
SLOT_HOURS: Final = 3  # cases that opened in the same three hours are planned together
RATE_MINOR: Final = 1_000_000
DAYS: Final = 128  # of a case, the first of them: longer than any window
BATCH: Final = 512  # cases looked at together: few enough to stay in the processor's cache

# An opening's number: the kind of case (`Kinds`), after it the slot.
KIND_BITS, SLOT_BITS = 12, 21
SLOT_MASK: Final = (1 << SLOT_BITS) - 1
# How many places are planned apart; those beyond are planned like the last.
MOST_PLACES: Final = 4096
# By the text of a family: hashing a member of an enumeration takes five times as long.
FAMILY_NUMBERS: Final = {str(family): number for number, family in enumerate(FAMILIES)}
# The offsets of a charge's stratum: of the hours since the failure, of the hour, of its number.
SINCE_STEPS: Final = tuple(
    SINCE_OFFSETS[min(hours, MOST_HOURS)] * GROUPS for hours in range(DAYS * 24)
)
CODE_STEPS: Final = tuple(offset * GROUPS for offset in CODE_OFFSETS)
FAMILY_STEP: Final = PER_FAMILY * GROUPS
NUMBER_STEPS: Final = tuple(
    tuple(family * FAMILY_STEP + group + band * GROUPS for band in NUMBER_BANDS)
    for family in range(len(FAMILIES))
    for group in range(GROUPS)
)
OWN_STEP: Final = LETTERS * DAYS  # of a family's group in the customers' own days
BAND_ENDS: Final = tuple(zip((0, *QUIET_DAYS), (*QUIET_DAYS, DAYS), strict=True))

KindOf = Callable[[PastCase, float], int]
Where = tuple[str | None, str | None, str | None]
Seen = tuple[str | None, str | None, str | None, str, str]
# How many cases opened, and as the imaginary part their cents, by kind and slot. One number of two
# parts, since finding it takes longer than adding to it.
Opened = defaultdict[int, complex]


class Lot(NamedTuple):
    """Cases that differ in nothing but when they opened, as far as a plan goes."""

    place: int
    kind: int
    family: int


class Opening(NamedTuple):
    """The cases of a lot that opened in one slot, and their rough cents."""

    slot: int
    cases: int
    cents: float


class Sort(Struct, frozen=True, gc=False):
    """What all cases of a country, kind of card, zone, currency and family share."""

    place: Place
    opened: Opened
    whose: int  # where its groups of persons begin
    rate: float  # rough cents of a minor unit


class Sorts(dict[Seen, Sort]):
    """Sorts by what is seen of a case, made when they are first met."""

    def __init__(self, made: Callable[[Seen], Sort]) -> None:
        super().__init__()
        self._made = made

    def __missing__(self, seen: Seen) -> Sort:
        found = self[seen] = self._made(seen)
        return found


class Tally:
    """What a history holds, counted."""

    def __init__(self, kind_of: KindOf | None = None) -> None:
        self._kind_of = kind_of
        self.places: dict[Where, Place] = {}
        self.tries = [0] * (STRATA * GROUPS)
        self.won = [0] * (STRATA * GROUPS)
        self.lots: dict[Lot, list[Opening]] = {}
        self.barred = [0] * len(FAMILIES)
        self.attempts = [0] * len(FAMILIES)
        self.refused = [0] * len(FAMILIES)
        self.cases = [0] * len(FAMILIES)
        self.cents = [0.0] * len(FAMILIES)
        self.recovered = [0.0] * len(FAMILIES)
        self.messages = 0
        self.squares = 0.0  # of the cents of a case, summed: how much one case can weigh
        self._sorts = Sorts(self._sort)
        # By place and family.
        self._opened: defaultdict[tuple[int, int], Opened] = defaultdict(partial(Opened, complex))
        # Cases by family, group, messages received and day: those in which the customer paid at
        # the end of it, that ended otherwise, and that got the next message.
        self._paid = [0] * (len(FAMILIES) * GROUPS * OWN_STEP)
        self._ended, self._moved = list(self._paid), list(self._paid)

    def read(self, cases: Iterable[PastCase]) -> None:
        """Count cases, a batch in each step: a call for each would cost more than what it does."""
        known, rest = self._sorts, iter(cases)
        while batch := list(islice(rest, BATCH)):
            sorts = [
                known[case.country, case.funding, case.timezone, case.currency, case.family._value_]
                for case in batch
            ]
            cents = [case.amount_minor * sort.rate for case, sort in zip(batch, sorts, strict=True)]
            whose = [
                sort.whose | crc32(case.customer.encode()) & (GROUPS - 1)
                for case, sort in zip(batch, sorts, strict=True)
            ]
            hours = [case.opened_at // HOUR_SECONDS for case in batch]
            self._weigh(batch, sorts, hours, cents)
            self._charged(batch, sorts, hours, whose, cents)
            self._lived(batch, whose)

    def close(self) -> None:
        """Add up what was only noted: the customers' own days, and the sums by family."""
        for whose in range(len(FAMILIES) * GROUPS):
            self._live(*divmod(whose, GROUPS))
        self.lots = dict(sorted(self._by_lot()))
        for lot, openings in self.lots.items():
            self.cases[lot.family] += sum(opening.cases for opening in openings)
            self.cents[lot.family] += sum(opening.cents for opening in openings)
        for family in range(len(FAMILIES)):
            of_family = slice(family * FAMILY_STEP, (family + 1) * FAMILY_STEP)
            self.attempts[family] = sum(self.tries[of_family])
            self.refused[family] = self.attempts[family] - sum(self.won[of_family])

    def _weigh(
        self,
        batch: Sequence[PastCase],
        sorts: Sequence[Sort],
        hours: Sequence[int],
        cents: Sequence[float],
    ) -> None:
        """What the cases are worth, by lot and slot."""
        if self._kind_of is None:
            kinds: Iterable[int] = repeat(0, len(batch))  # all of one
        else:
            kinds = map(self._kind_of, batch, cents)
        for sort, kind, hour, weight in zip(sorts, kinds, hours, cents, strict=True):
            sort.opened[kind << SLOT_BITS | hour // SLOT_HOURS] += complex(1.0, weight)
        self.squares += sum(map(mul, cents, cents))

    def _by_lot(self) -> Iterator[tuple[Lot, list[Opening]]]:
        """Openings in the order of their slots."""
        for (place, family), opened in self._opened.items():
            for kind, numbers in groupby(sorted(opened), lambda number: number >> SLOT_BITS):
                yield (
                    Lot(place, kind, family),
                    [
                        Opening(number & SLOT_MASK, int(opened[number].real), opened[number].imag)
                        for number in numbers
                    ],
                )

    def _charged(
        self,
        batch: Sequence[PastCase],
        sorts: Sequence[Sort],
        hours: Sequence[int],
        whose: Sequence[int],
        cents: Sequence[float],
    ) -> None:
        """Charges by stratum and group, up to the one that succeeds; and whose money came."""
        tries, won, barred, recovered = self.tries, self.won, self.barred, self.recovered
        since_steps, number_steps = SINCE_STEPS, NUMBER_STEPS
        for case, sort, opened, mine, weight in zip(batch, sorts, hours, whose, cents, strict=True):
            charges, came = case.charges, case.paid_at is not None
            if charges:
                place, by_number = sort.place, number_steps[mine]
                steps, since_first = place.steps, opened - place.first
                if since_first < 0 or not steps:
                    since_first = _reach(place, opened)
                began = opened * HOUR_SECONDS  # dividing what is left is faster: it is small
                for earlier, charge in enumerate(charges):
                    later = (charge.at - began) // HOUR_SECONDS
                    try:
                        index = by_number[earlier] + since_steps[later] + steps[since_first + later]
                    except IndexError:
                        if earlier >= MOST_CHARGES:
                            break
                        since_first = _reach(place, opened + later) - later
                        index = by_number[earlier] + since_steps[min(later, len(since_steps) - 1)]
                        index += steps[since_first + later]
                    tries[index] += 1
                    if charge.succeeded:
                        won[index] += 1
                        came = True
                        break
                    if charge.family is not None and charge.family in BARRING:
                        barred[mine >> GROUP_BITS] += 1
            if came:
                recovered[mine >> GROUP_BITS] += weight

    def _lived(self, batch: Sequence[PastCase], whose: Sequence[int]) -> None:
        """Note on which day a case ended, and on which it got messages."""
        paid, ended, moved, written = self._paid, self._ended, self._moved, 0
        for case, mine in zip(batch, whose, strict=True):
            opened_at, paid_at, letters = case.opened_at, case.paid_at, case.messages
            if paid_at is None:
                end, over = (case.closed_at - opened_at) // DAY_SECONDS, ended
            else:
                end, over = (paid_at - opened_at) // DAY_SECONDS + 1, paid
            if end >= DAYS:
                end = DAYS - 1
            index = mine * OWN_STEP
            if letters:
                written += len(letters)
                for at in letters[: LETTERS - 1]:
                    day = (at - opened_at) // DAY_SECONDS
                    if day < end:
                        moved[index + day] += 1
                        index += DAYS
            over[index + end] += 1
        self.messages += written

    def _live(self, family: int, group: int) -> None:
        """Each whole day that a case was open, and the day of paying, is a try of the customer."""
        first = (family * GROUPS + group) * OWN_STEP
        cases = sum(sum(noted[first : first + OWN_STEP]) for noted in (self._paid, self._ended))
        entered = [cases] + [0] * (DAYS - 1)
        for letters in range(LETTERS if cases else 0):
            days = slice(first + letters * DAYS, first + (letters + 1) * DAYS)
            paid, moved = self._paid[days], self._moved[days]
            left = map(sum, zip(paid, self._ended[days], moved, strict=True))
            still = list(accumulate(came - gone for came, gone in zip(entered, left, strict=True)))
            for start, end in BAND_ENDS:
                index = quiet_stratum(family, start, letters) * GROUPS + group
                self.tries[index] += sum(still[start:end])
                # Whoever paid on a day is noted at its end, a day later.
                self.won[index] += sum(paid[start + 1 : end + 1])
            entered = moved

    def _sort(self, seen: Seen) -> Sort:
        country, funding, timezone, currency, family = seen
        place, number = self._place((country, funding, timezone)), FAMILY_NUMBERS[family]
        return Sort(
            place=place,
            opened=self._opened[place.number, number],
            whose=number << GROUP_BITS,
            rate=rough_cents(RATE_MINOR, currency) / RATE_MINOR,
        )

    def _place(self, where: Where) -> Place:
        place = self.places.get(where)
        if place is None:
            number = min(len(self.places), MOST_PLACES - 1)
            place = self.places[where] = Place(number, *where)
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
