"""A million cases are counted in one pass over batches; here the same is counted case by case."""

from collections import Counter
from random import Random
from typing import Any
from zlib import crc32

import pytest
from msgspec.structs import replace

from domain.backtest import PastCase, PastCharge
from domain.backtest.places import Place
from domain.backtest.strata import FAMILIES, MOST_CHARGES, charge_stratum, quiet_stratum
from domain.backtest.tally import GROUPS, Lot, Tally
from domain.decline import DeclineFamily
from domain.money import rough_cents
from domain.network import BARRING

DAY, HOUR = 86_400, 3_600
START = 1_740_000_000
WORLDS = (
    ("DE", "debit", "Europe/Berlin"),
    ("US", "credit", None),
    (None, None, None),
    ("BR", None, "America/Sao_Paulo"),
)
CURRENCIES = ("eur", "usd", "jpy")
MOST_DAYS = 127  # of a case, that are looked at


def a_case(random: Random, number: int) -> PastCase:
    """Anything that can have happened: paid, barred, charged after the money came, written to."""
    opened_at = START + random.randrange(60 * DAY)
    closed_at = opened_at + random.choice((0, 2 * DAY, 28 * DAY, 140 * DAY)) + random.randrange(DAY)
    country, funding, timezone = random.choice(WORLDS)
    refusals = (None, None, None, DeclineFamily.TEMPORARY, *BARRING)
    return PastCase(
        customer=f"cus_{random.randrange(200)}",
        opened_at=opened_at,
        closed_at=closed_at,
        amount_minor=random.randrange(1, 100_00),
        currency=random.choice(CURRENCIES),
        family=FAMILIES[number % len(FAMILIES)],
        country=country,
        funding=funding,
        timezone=timezone,
        charges=tuple(
            PastCharge(at, succeeded=random.random() < 0.2, family=random.choice(refusals))
            for at in instants(random, opened_at, closed_at, 7)
        ),
        messages=tuple(instants(random, opened_at, closed_at, 4)),
        paid_at=random.randrange(opened_at, closed_at + 1) if random.random() < 0.3 else None,
    )


def instants(random: Random, first: int, last: int, most: int) -> list[int]:
    return sorted(random.randrange(first, last + 1) for _ in range(random.randrange(most + 1)))


class OneByOne:
    """The counts of a history, each case for itself."""

    def __init__(self) -> None:
        self.tries: Counter[int] = Counter()
        self.won: Counter[int] = Counter()
        self.attempts, self.refused, self.barred, self.cases = (Counter[int]() for _ in range(4))
        self.cents: Counter[int] = Counter()
        self.recovered: Counter[int] = Counter()
        self.lots: dict[Lot, Counter[int]] = {}
        self.worth: Counter[tuple[Lot, int]] = Counter()
        self.places: dict[Any, Place] = {}

    def count(self, case: PastCase) -> None:
        family, group = FAMILIES.index(case.family), crc32(case.customer.encode()) % GROUPS
        where = (case.country, case.funding, case.timezone)
        place = self.places.setdefault(where, Place(len(self.places), *where))
        self.cases[family] += 1
        lot, slot = Lot(place.number, 0, family), case.opened_at // (3 * HOUR)
        self.lots.setdefault(lot, Counter())[slot] += 1
        came = self._charged(case, place, family, group) or case.paid_at is not None
        cents = case.amount_minor * rough_cents(1_000_000, case.currency)  # millionths
        self.cents[family] += cents
        self.worth[lot, slot] += cents
        self.recovered[family] += cents if came else 0
        self._lived(case, family, group)

    def _charged(self, case: PastCase, place: Place, family: int, group: int) -> bool:
        for earlier, charge in enumerate(case.charges):
            hour = charge.at // HOUR
            later = hour - case.opened_at // HOUR
            at = charge_stratum(family, later, place.code(hour), earlier) * GROUPS + group
            self.tries[at] += 1
            self.attempts[family] += 1
            if charge.succeeded:
                self.won[at] += 1
                return True
            self.refused[family] += 1
            self.barred[family] += charge.family in BARRING
        return False

    def _lived(self, case: PastCase, family: int, group: int) -> None:
        """Each whole day that it was open and not paid, and the day of paying, is a try."""
        if case.paid_at is None:
            days = (case.closed_at - case.opened_at) // DAY
        else:
            days = (case.paid_at - case.opened_at) // DAY + 1
        days = min(days, MOST_DAYS)
        told = [(at - case.opened_at) // DAY for at in case.messages[:2]]
        for day in range(days):
            letters = sum(one <= day for one in told)
            at = quiet_stratum(family, day, letters) * GROUPS + group
            self.tries[at] += 1
            self.won[at] += case.paid_at is not None and day == days - 1


@pytest.mark.parametrize("seed", range(3))
def test_counting_in_one_pass_is_counting_case_by_case(seed: int) -> None:
    random = Random(seed)
    cases = [a_case(random, number) for number in range((1, 513, 1_100)[seed])]
    found, beside = Tally(), OneByOne()
    found.read(cases[:700])
    found.read(iter(cases[700:]))
    found.close()
    for case in cases:
        beside.count(case)
    for counted, by_hand in (
        (found.tries, beside.tries),
        (found.won, beside.won),
        (found.attempts, beside.attempts),
        (found.refused, beside.refused),
        (found.barred, beside.barred),
        (found.cases, beside.cases),
    ):
        assert {place: count for place, count in enumerate(counted) if count} == +by_hand
    for family in range(len(FAMILIES)):
        assert found.cents[family] == pytest.approx(beside.cents[family] / 1e6)
        assert found.recovered[family] == pytest.approx(beside.recovered[family] / 1e6)
    assert found.messages == sum(len(case.messages) for case in cases)


def test_openings_are_sorted_by_lot_and_by_three_hours() -> None:
    random = Random(7)
    cases = [a_case(random, number) for number in range(600)]
    found, beside = Tally(), OneByOne()
    found.read(cases)
    found.close()
    for case in cases:
        beside.count(case)
    assert [place.number for place in found.places.values()] == list(range(len(WORLDS)))
    assert list(found.places) == list(beside.places)
    assert set(found.lots) == set(beside.lots)
    for lot, openings in found.lots.items():
        slots = [(opening.slot, opening.cases) for opening in openings]
        assert slots == sorted(beside.lots[lot].items())
        worth = [opening.cents for opening in openings]
        assert worth == pytest.approx([beside.worth[lot, slot] / 1e6 for slot, _ in slots])
    cents = [case.amount_minor * rough_cents(1_000_000, case.currency) / 1e6 for case in cases]
    assert found.squares == pytest.approx(sum(one * one for one in cents))


def test_each_kind_of_case_is_a_lot_of_its_own() -> None:
    random = Random(11)
    cases = [a_case(random, number) for number in range(60)]
    kinds = {case.customer: number % 5 for number, case in enumerate(cases)}
    seen: list[float] = []

    def kind_of(case: PastCase, cents: float) -> int:
        seen.append(cents)
        return kinds[case.customer]

    found = Tally(kind_of)
    found.read(cases)
    found.close()
    counted: Counter[tuple[int, int]] = Counter()
    for lot, openings in found.lots.items():
        counted[lot.kind, lot.family] += sum(opening.cases for opening in openings)
    expected = Counter((kinds[case.customer], FAMILIES.index(case.family)) for case in cases)
    assert counted == expected
    assert sum(seen) == pytest.approx(sum(found.cents))


def test_a_case_of_more_charges_than_any_network_allows_is_counted_up_to_them() -> None:
    hourly = tuple(PastCharge(START + number * HOUR) for number in range(MOST_CHARGES + 6))
    tally = Tally()
    case = replace(a_case(Random(1), 0), opened_at=START, charges=hourly)
    tally.read([case, case])
    tally.close()
    assert tally.attempts[0] == 2 * MOST_CHARGES
