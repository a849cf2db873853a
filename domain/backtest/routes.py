"""When a policy would charge and write, compiled: the production machine, run once for many cases.

Under fixed waits a plan depends on the local hour of the failure alone: one run for each hour.
Plans that look at pay days or at what has worked are run for a sample of openings, spread evenly
over time; each run stands for the openings around it, and how far runs lie apart is doubt.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from domain.backtest.history import PastCase
from domain.backtest.kinds import Kinds, profile_of
from domain.backtest.places import HOUR_SECONDS, Place, instant
from domain.backtest.strata import (
    FAMILIES,
    MOST_QUIET_DAYS,
    PAY_STEP,
    PAYS,
    charge_stratum,
    quiet_stratum,
)
from domain.backtest.tally import DAY_SECONDS, SLOT_HOURS, Lot, Opening
from domain.backtest.walk import MESSAGE, Path, Step
from domain.decline import Decline, DeclineFamily
from domain.invoice import Card
from domain.policy import FixedWaits, Policy
from domain.simulate import Scenario, Timeline, simulate
from domain.timing.knowledge import Knowledge

# Runs of plans that are not fixed, over the whole history and for one policy, shared out by worth;
# each lot has two at least, so that it is seen how far they lie apart.
MOST_RUNS: Final = 320
LEAST_RUNS: Final = 2
GOLDEN: Final = 0.618033988749895  # its multiples lie spread between whole numbers
A_DAY: Final = datetime(2026, 3, 3, tzinfo=UTC)  # a Tuesday; fixed plans do not care
DAY_HOURS: Final = 24
# A decline code that belongs to each family.
CODES: Final = {
    DeclineFamily.FUNDS: "insufficient_funds",
    DeclineFamily.TEMPORARY: "processing_error",
    DeclineFamily.UNKNOWN: "generic_decline",
    DeclineFamily.NEEDS_NEW_CARD: "lost_card",
    DeclineFamily.NEEDS_NEW_DETAILS: "expired_card",
    DeclineFamily.NEEDS_AUTHENTICATION: "authentication_required",
    DeclineFamily.NEVER: "fraudulent",
    DeclineFamily.CHECK: "duplicate_transaction",
}


class Route(Struct, frozen=True):
    """A plan in local time: days after the local day of the failure, and hours of those days."""

    charges: tuple[tuple[int, int], ...]
    messages: tuple[int, ...]  # days after the failure
    days: int  # of the window


class Stretch(NamedTuple):
    """Openings of one lot that are planned like one of them; `exact` if there is no other."""

    path: Path
    cases: int
    cents: float
    exact: bool


class Planned:
    """A route from one local hour of the failure: its path for each run of pay bands."""

    __slots__ = ("_family", "_paths", "_route", "_strata", "hours")

    def __init__(self, route: Route, family: int, local_hour: int) -> None:
        # Clock hours from the opening's to each charge.
        self.hours = [day * DAY_HOURS + at - local_hour for day, at in route.charges]
        self._strata = [
            charge_stratum(family, hours, at * PAYS, number)
            for number, (hours, (_, at)) in enumerate(zip(self.hours, route.charges, strict=True))
        ]
        self._route, self._family = route, family
        self._paths: dict[tuple[int, ...], Path] = {}

    def path(self, pays: tuple[int, ...]) -> Path:
        """The path if the charges fall into these pay bands."""
        path = self._paths.get(pays)
        if path is None:
            strata = [
                stratum + pay * PAY_STEP for stratum, pay in zip(self._strata, pays, strict=True)
            ]
            days = [hours // DAY_HOURS for hours in self.hours]
            path = self._paths[pays] = path_of(self._route, self._family, strata, days)
        return path


class Router:
    """Routes of one policy, made when they are asked for."""

    def __init__(self, policy: Policy, knowledge: Knowledge, kinds: Kinds) -> None:
        self._policy, self._knowledge, self._kinds = policy, knowledge, kinds
        self._fixed: dict[tuple[int, int, int], Planned] = {}
        self.runs = 0

    def stretches(
        self, lots: Mapping[Lot, list[Opening]], places: list[Place]
    ) -> Iterator[tuple[Lot, list[Stretch]]]:
        """By lot, how its openings are planned."""
        sampled = {lot for lot in lots if not self._is_fixed(lot)}
        cents = sum(opening.cents for lot in sampled for opening in lots[lot])
        for lot, openings in lots.items():
            place = places[lot.place]
            if lot in sampled:
                part = sum(opening.cents for opening in openings) / cents if cents else 0.0
                runs = max(LEAST_RUNS, round(MOST_RUNS * part))
                yield lot, list(self._by_sample(place, lot, openings, runs))
            else:
                yield lot, self._by_hour(place, lot, openings)

    def _is_fixed(self, lot: Lot) -> bool:
        case = self._kinds.examples[lot.kind]
        segment = self._policy.segment_of(
            profile_of(case, None), case.amount_minor, case.currency, instant(case.opened_at)
        )
        retries = self._policy.rules(segment, None).plan_for(FAMILIES[lot.family]).retries
        return retries is None or isinstance(retries, FixedWaits)

    def _by_hour(self, place: Place, lot: Lot, openings: list[Opening]) -> list[Stretch]:
        """Openings at the same local hour whose charges fall into the same pay bands are one."""
        found: dict[tuple[int, tuple[int, ...]], list[float]] = {}
        for slot, cases, cents in openings:
            hour = _middle(slot)
            local_hour = place.code(hour) // PAYS
            pays = _pays(place, hour, self._planned(lot, local_hour).hours)
            entry = found.setdefault((local_hour, pays), [0, 0.0])
            entry[0] += cases
            entry[1] += cents
        return [
            Stretch(self._planned(lot, local_hour).path(pays), int(cases), cents, exact=True)
            for (local_hour, pays), (cases, cents) in found.items()
        ]

    def _planned(self, lot: Lot, local_hour: int) -> Planned:
        key = (lot.kind, lot.family, local_hour)
        planned = self._fixed.get(key)
        if planned is None:
            opened_at = A_DAY + timedelta(hours=local_hour, minutes=30)
            route = self._run(lot, opened_at, None)
            planned = self._fixed[key] = Planned(route, lot.family, local_hour)
        return planned

    def _by_sample(
        self, place: Place, lot: Lot, openings: list[Opening], runs: int
    ) -> Iterator[Stretch]:
        """Equal stretches of the openings, each planned like one in it; that lies now here, now
        there, so that all hours and days of the week have their turn."""
        length = -(-len(openings) // runs)
        for turn, first in enumerate(range(0, len(openings), length)):
            stretch = openings[first : first + length]
            hour = _middle(stretch[int(turn * GOLDEN % 1 * len(stretch))].slot)
            local_hour = place.code(hour) // PAYS
            route = self._run(lot, instant(hour * HOUR_SECONDS + HOUR_SECONDS // 2), place)
            planned = Planned(route, lot.family, local_hour)
            yield Stretch(
                planned.path(_pays(place, hour, planned.hours)),
                sum(opening.cases for opening in stretch),
                sum(opening.cents for opening in stretch),
                exact=len(stretch) == 1,
            )

    def _run(self, lot: Lot, opened_at: datetime, place: Place | None) -> Route:
        self.runs += 1
        case = self._kinds.examples[lot.kind]
        scenario = Scenario(
            opened_at=opened_at,
            amount_minor=case.amount_minor,
            currency=case.currency,
            decline=Decline(code="card_declined", decline_code=CODES[FAMILIES[lot.family]]),
            card=Card(
                payment_method="pm_past",
                fingerprint="past",
                brand="visa",
                funding=place.funding if place else None,
                country=place.country if place else None,
            ),
            profile=replace(profile_of(case, place), subscribed_at=_since(case, opened_at)),
        )
        timeline = simulate(self._policy, scenario, self._knowledge)
        return _route(timeline, opened_at, place)


def path_of(route: Route, family: int, strata: Sequence[int], days: Sequence[int]) -> Path:
    """Charges, messages and the customer's days between them, in their order; `days` are those of
    the charges, whole ones since the failure."""
    events = [(day, Step(stratum)) for day, stratum in zip(days, strata, strict=True)]
    events += [(day, MESSAGE) for day in route.messages]
    steps: list[Step] = []
    day = letters = 0
    for at, step in sorted(events, key=lambda event: event[0]):
        steps += _quiet(family, day, at, letters)
        day = max(day, at)
        steps.append(step)
        letters += step is MESSAGE
    return (*steps, *_quiet(family, day, route.days, letters))


def _since(case: PastCase, opened_at: datetime) -> datetime | None:
    """The subscription's beginning, as long before this opening as before the example's own."""
    if case.subscribed_at is None:
        return None
    return opened_at - timedelta(seconds=case.opened_at - case.subscribed_at)


def _middle(slot: int) -> int:
    """The hour in the middle of a slot."""
    return slot * SLOT_HOURS + SLOT_HOURS // 2


def _pays(place: Place, hour: int, later: list[int]) -> tuple[int, ...]:
    """The pay bands so many clock hours later."""
    return tuple([place.code(hour + hours) % PAYS for hours in later])


def _route(timeline: Timeline, opened_at: datetime, place: Place | None) -> Route:
    zone = place.zone if place else UTC
    today = opened_at.astimezone(zone).date()
    charges = [at.astimezone(zone) for at in timeline.charges]
    closes_at = timeline.closes_at or opened_at
    return Route(
        tuple(((at.date() - today).days, at.hour) for at in charges),
        tuple((at - opened_at) // timedelta(seconds=DAY_SECONDS) for at in timeline.messages),
        (closes_at - opened_at).days,
    )


def _quiet(family: int, first: int, last: int, letters: int) -> list[Step]:
    """The customer's days from `first` up to `last`, a step for each band."""
    steps: dict[int, int] = {}
    for day in range(first, last):
        stratum = quiet_stratum(family, min(day, MOST_QUIET_DAYS), letters)
        steps[stratum] = steps.get(stratum, 0) + 1
    return [Step(stratum, days) for stratum, days in steps.items()]
