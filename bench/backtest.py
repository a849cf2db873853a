"""D1: a backtest of a million invoices; and how often its intervals hold the truth."""

import resource
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from bench.table import Row
from domain.backtest import PastCase, Report, backtest
from domain.decline import DeclineFamily
from domain.money import rough_cents
from domain.policy import FixedWaits, Plan, Policy, Step, Template, balanced
from wiring.example_history import ExampleMerchant, Plans

CASES: Final = 1_000_000
DISTINCT: Final = 100_000
LINES: Final = 5_000  # made into cases together
MOST_CHARGES: Final = 12  # of one invoice, for 5 to 6 events each
MERCHANTS: Final = 200
CASES_OF_ONE: Final = 1_500
MOST_SECONDS: Final = 110  # of the coverage: told how many merchants were reached
GOAL_S: Final = 4.0
DAY: Final = timedelta(days=1)


def measure(here: object = None, *, quick: bool = False) -> list[Row]:
    """Two rows: time and memory of a million, and the intervals' coverage. Needs nothing."""
    del here
    return [_million(20_000 if quick else CASES), _coverage(4 if quick else MERCHANTS)]


def waiting(name: str, waits: tuple[int, ...], hour: int, letters: tuple[int, ...]) -> Policy:
    """A policy with fixed waits in days, and messages on those days."""
    told = tuple(Step(template=Template.PAYMENT_FAILED, after=day * DAY) for day in letters)
    retries = FixedWaits(waits=tuple(wait * DAY for wait in waits))
    charged = (DeclineFamily.FUNDS, DeclineFamily.TEMPORARY, DeclineFamily.UNKNOWN)
    asked = (DeclineFamily.NEEDS_NEW_CARD, DeclineFamily.NEEDS_NEW_DETAILS)
    plans = {family: Plan(retries=retries, campaign=told) for family in charged}
    plans |= {family: Plan(campaign=told) for family in asked}
    return replace(balanced("UTC"), name=name, plans=plans, charge_hour=hour, window=28 * DAY)


A: Final = waiting("a", (3, 5, 7), 9, (1, 6))
B: Final = waiting("b", (1, 2, 3, 5), 3, (2,))
PLANS: Final[Plans] = {}


def covered(
    seed: int, cases: int, *, smooth: bool = False, only_at: int | None = None
) -> tuple[bool, Report, float]:
    """Whether the interval of one merchant holds the truth; the report, and the truth."""
    merchant = ExampleMerchant(seed, smooth=smooth, plans=PLANS, only_at=only_at)
    past = list(merchant.history(cases))
    report = backtest(past, A, B, a_made_it=False)
    worth = [rough_cents(case.amount_minor, case.currency) for case in past]
    gained = sum(
        (merchant.expected(case, B) - merchant.expected(case, A)) * cents
        for case, cents in zip(past, worth, strict=True)
    )
    truth = 100 * gained / sum(worth)
    return report.low <= truth <= report.high, report, truth


def _million(wanted: int) -> Row:
    merchant = ExampleMerchant(1, most_charges=MOST_CHARGES)
    file = _File(merchant.history(min(wanted, DISTINCT)), wanted)
    began = time.process_time()
    backtest(file.cases(), A, B)
    used = time.process_time() - began - file.seconds
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Row(
        name="D1",
        work=f"backtest of {wanted:,} invoices, two policies",
        goal=f"<= {GOAL_S:.0f} s",
        figure=f"{used:.2f} s",
        met=used <= GOAL_S,
        bound=(
            f"{file.events:.1f} events each, {memory:.0f} MB at most; bound by the counting loop. "
            f"Reading the lines of JSON, {file.seconds:.2f} s more, is not counted."
        ),
        readings={
            "seconds": used,
            "reading_seconds": file.seconds,
            "events": file.events,
            "peak_mb": memory,
        },
    )


class _File:
    """Cases as a file would give them: each one made anew from its line, so that nothing is known
    of it before. How long that took is told apart."""

    def __init__(self, distinct: Iterable[PastCase], wanted: int) -> None:
        cases = list(distinct)
        self.events = sum(2 + len(case.charges) + len(case.messages) for case in cases) / len(cases)
        self.seconds = 0.0
        self._lines = list(map(msgspec.json.encode, cases))
        self._rounds = wanted // len(cases)

    def cases(self) -> Iterator[PastCase]:
        """All of them, a batch at a time."""
        decode = msgspec.json.Decoder(PastCase).decode
        for _ in range(self._rounds):
            for first in range(0, len(self._lines), LINES):
                began = time.process_time()
                batch = list(map(decode, self._lines[first : first + LINES]))
                self.seconds += time.process_time() - began
                yield from batch


def _coverage(merchants: int) -> Row:
    began, held, chance, asked, width = time.monotonic(), 0, 0, 0, 0.0
    for seed in range(merchants):
        if time.monotonic() - began > MOST_SECONDS:
            break
        holds, report, truth = covered(seed, CASES_OF_ONE, smooth=seed % 2 == 1)
        asked += 1
        held += holds
        chance += report.sampling_low <= truth <= report.sampling_high
        width += report.high - report.low
    return Row(
        name="D1b",
        work=f"intervals of {asked} merchants that hold the truth",
        goal=">= 93 %",
        figure=f"{held / asked:.1%}",
        met=held >= 0.93 * asked,
        bound=(
            f"{width / asked:.1f} points wide on average with {CASES_OF_ONE:,} cases; without "
            f"what nobody can know {chance / asked:.1%} would hold it. Every second merchant's "
            "chances change gradually and hang on the person."
        ),
        readings={"merchants": asked, "held": held, "by_chance_alone": chance},
    )
