"""When a policy would charge and write, compiled: the production machine, run once for many cases.

Under fixed waits a plan depends on the local hour of the failure alone: one run for each hour.
Plans that look at pay days or at what has worked are run for a sample of openings, spread evenly
over time; each opening takes the run nearest to it, at its own place in the calendar.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.backtest.history import PastCase
from domain.backtest.places import HOUR_SECONDS, Place, instant
from domain.backtest.strata import (
    FAMILIES,
    MOST_QUIET_DAYS,
    PAYS,
    charge_stratum,
    quiet_stratum,
)
from domain.backtest.tally import DAY_SECONDS, KIND_BITS, SLOT_HOURS, MixKey
from domain.backtest.walk import MESSAGE, Path, Step
from domain.decline import Decline, DeclineFamily
from domain.invoice import Card, Profile
from domain.money import rough_cents
from domain.policy import FixedWaits, Policy
from domain.simulate import Scenario, Timeline, simulate
from domain.timing.features import AMOUNT_CENTS
from domain.timing.knowledge import Knowledge

# Kinds of cases that are planned apart; those beyond are treated like the last.
MOST_KINDS: Final = 1 << KIND_BITS
# Runs of plans that are not fixed, over the whole history and for one policy.
MOST_RUNS: Final = 160
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


class Kinds:
    """Sorts cases by what a policy asks of them beyond family and place."""

    def __init__(self, *policies: Policy) -> None:
        self._policies = policies
        self.matter = any(policy.segments or _weighs(policy) for policy in policies)
        self.examples: list[PastCase] = []
        self._numbers: dict[tuple[object, ...], int] = {}

    def of(self, case: PastCase) -> int:
        """The number of a case's kind; the first case of a kind is its example."""
        key = self._key(case)
        number = self._numbers.get(key)
        if number is None and len(self.examples) == MOST_KINDS:
            return MOST_KINDS - 1
        if number is None:
            number = self._numbers[key] = len(self.examples)
            self.examples.append(case)
        return number

    def watched(self, cases: Iterable[PastCase]) -> Iterable[PastCase]:
        """The same cases; where kinds do not matter, the first is the example of all."""
        if self.matter:
            return cases
        rest = iter(cases)
        first = list(islice(rest, 1))
        self.examples += first
        return chain(first, rest)

    def _key(self, case: PastCase) -> tuple[object, ...]:
        profile, at = profile_of(case, None), instant(case.opened_at)
        segments = [
            policy.segment_of(profile, case.amount_minor, case.currency, at)
            for policy in self._policies
        ]
        worth = rough_cents(case.amount_minor, case.currency)
        band = sum(worth >= cents for cents in AMOUNT_CENTS)
        return (*segments, band, case.currency, case.interval)


class Router:
    """Routes of one policy, made when they are asked for."""

    def __init__(self, policy: Policy, knowledge: Knowledge, kinds: Kinds) -> None:
        self._policy, self._knowledge, self._kinds = policy, knowledge, kinds
        self._fixed: dict[tuple[int, int, int], Route] = {}
        self._paths: dict[tuple[Route, int, int, tuple[int, ...]], Path] = {}
        self._budget = 1
        self.runs = 0

    def paths(self, keys: list[MixKey], places: list[Place]) -> list[tuple[MixKey, Path]]:
        """The path of each opening; `keys` sorted."""
        groups: dict[tuple[int, int, int], list[MixKey]] = {}
        for key in keys:
            groups.setdefault(key[:3], []).append(key)
        looking = sum(not self._is_fixed(family, kind) for _, family, kind in groups)
        self._budget = max(1, MOST_RUNS // max(1, looking))
        found: list[tuple[MixKey, Path]] = []
        for (place, family, kind), group in groups.items():
            follow = self._by_hour if self._is_fixed(family, kind) else self._by_sample
            found += follow(places[place], family, kind, group)
        return found

    def _is_fixed(self, family: int, kind: int) -> bool:
        case = self._kinds.examples[kind]
        segment = self._policy.segment_of(
            profile_of(case, None), case.amount_minor, case.currency, instant(case.opened_at)
        )
        retries = self._policy.rules(segment, None).plan_for(FAMILIES[family]).retries
        return retries is None or isinstance(retries, FixedWaits)

    def _by_hour(
        self, place: Place, family: int, kind: int, keys: list[MixKey]
    ) -> list[tuple[MixKey, Path]]:
        found = []
        for key in keys:
            hour = _hour_of(key)
            local_hour = place.code(hour) // PAYS
            route = self._fixed.get((family, kind, local_hour))
            if route is None:
                opened_at = A_DAY + timedelta(hours=local_hour, minutes=30)
                route = self._run(family, kind, opened_at, None)
                self._fixed[family, kind, local_hour] = route
            found.append((key, self._path(route, place, family, hour, local_hour)))
        return found

    def _by_sample(
        self, place: Place, family: int, kind: int, keys: list[MixKey]
    ) -> list[tuple[MixKey, Path]]:
        """Equal stretches of the openings, each planned like the one in its middle."""
        found = []
        length = -(-len(keys) // self._budget)
        for first in range(0, len(keys), length):
            stretch = keys[first : first + length]
            hour = _hour_of(stretch[len(stretch) // 2])
            route = self._run(family, kind, instant(hour * HOUR_SECONDS + 1800), place)
            path = self._path(route, place, family, hour, place.code(hour) // PAYS)
            found += [(key, path) for key in stretch]
        return found

    def _run(self, family: int, kind: int, opened_at: datetime, place: Place | None) -> Route:
        self.runs += 1
        case = self._kinds.examples[kind]
        scenario = Scenario(
            opened_at=opened_at,
            amount_minor=case.amount_minor,
            currency=case.currency,
            decline=Decline(code="card_declined", decline_code=CODES[FAMILIES[family]]),
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

    def _path(self, route: Route, place: Place, family: int, hour: int, local_hour: int) -> Path:
        midnight = hour - local_hour
        strata = tuple(
            [
                charge_stratum(
                    family,
                    day * DAY_HOURS + at - local_hour,
                    at * PAYS + place.code(midnight + day * DAY_HOURS + at) % PAYS,
                    number,
                )
                for number, (day, at) in enumerate(route.charges)
            ]
        )
        key = (route, family, local_hour, strata)
        path = self._paths.get(key)
        if path is None:
            days = [(day * DAY_HOURS + at - local_hour) // DAY_HOURS for day, at in route.charges]
            path = self._paths[key] = path_of(route, family, strata, days)
        return path


def path_of(route: Route, family: int, strata: tuple[int, ...], days: list[int]) -> Path:
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


def profile_of(case: PastCase, place: Place | None) -> Profile:
    """What the policy may ask of a past case; without a place its clock shows UTC."""
    return Profile(
        country=place.country if place else case.country,
        timezone=place.timezone if place else "UTC",
        interval=case.interval,
        price=case.price,
        collection=case.collection,
        subscribed_at=instant(case.subscribed_at) if case.subscribed_at is not None else None,
    )


def _weighs(policy: Policy) -> bool:
    """Whether amounts matter: to a step that asks for one, or to a plan that weighs."""
    plans = policy.plans.values()
    steps = [step for plan in plans for step in plan.campaign]
    return any(step.if_worthwhile or step.at_least_cents for step in steps) or any(
        plan.retries is not None and not isinstance(plan.retries, FixedWaits) for plan in plans
    )


def _since(case: PastCase, opened_at: datetime) -> datetime | None:
    """The subscription's beginning, as long before this opening as before the example's own."""
    if case.subscribed_at is None:
        return None
    return opened_at - timedelta(seconds=case.opened_at - case.subscribed_at)


def _hour_of(key: MixKey) -> int:
    """The hour in the middle of a slot."""
    return key.slot * SLOT_HOURS + SLOT_HOURS // 2


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
