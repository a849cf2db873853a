"""Merchants that never were: a history by a policy that tries at random, and its whole truth.

For `chargechase policy backtest --example`, and for proving the backtest: of these merchants we
know what any plan would have brought.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import exp, sin
from random import Random
from typing import Final

from msgspec.structs import replace

from domain.backtest.history import PastCase, PastCharge
from domain.backtest.places import HOUR_SECONDS, Place, instant
from domain.backtest.strata import (
    FAMILY_NUMBER,
    PAYS,
    charge_stratum,
    place_of,
    quiet_stratum,
)
from domain.decline import Decline, DeclineFamily
from domain.invoice import Card, Profile
from domain.policy import Policy
from domain.simulate import Scenario, simulate

START: Final = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
YEAR_SECONDS: Final = 365 * 86_400
DAY_SECONDS: Final = 86_400
WINDOW_DAYS: Final = 28
MOST_CHARGES: Final = 4
# How often, and how likely a charge is to succeed (log-odds) before all else is looked at.
FAMILIES: Final = {
    DeclineFamily.FUNDS: (0.5, -1.6),
    DeclineFamily.TEMPORARY: (0.12, -0.3),
    DeclineFamily.UNKNOWN: (0.2, -1.9),
    DeclineFamily.NEEDS_NEW_CARD: (0.1, -9.0),
    DeclineFamily.NEEDS_NEW_DETAILS: (0.08, -3.0),
}
CHARGED: Final = (DeclineFamily.FUNDS, DeclineFamily.TEMPORARY, DeclineFamily.UNKNOWN)
CODES: Final = {
    DeclineFamily.FUNDS: "insufficient_funds",
    DeclineFamily.TEMPORARY: "processing_error",
    DeclineFamily.UNKNOWN: "generic_decline",
    DeclineFamily.NEEDS_NEW_CARD: "lost_card",
    DeclineFamily.NEEDS_NEW_DETAILS: "expired_card",
}
PAY_EFFECT: Final = (0.9, 0.3, 0.0)
BARRED: Final = 0.03
PLACES: Final = (
    ("US", "debit", "America/Chicago", "usd"),
    ("US", "credit", "America/Chicago", "usd"),
    ("DE", "debit", "Europe/Berlin", "eur"),
    ("GB", "debit", "Europe/London", "gbp"),
)

# By policy, family and local hour of the failure: charges in hours after local midnight, messages
# in days after the failure, days of the window.
Plans = dict[tuple[str, DeclineFamily, int], tuple[list[int], list[int], int]]


class ExampleMerchant:
    """One merchant with chances of its own, drawn from `seed`.

    `smooth`: the chances change gradually with the hour and the days instead of by bands, and
    persons differ in ways that nobody can see. `only_at`: it never charged at another local hour
    than this. `most_charges` it made for one invoice. `plans` may be shared by merchants: they hang
    on the policy alone.
    """

    def __init__(
        self,
        seed: int,
        *,
        smooth: bool = False,
        plans: Plans | None = None,
        most_charges: int = MOST_CHARGES,
        only_at: int | None = None,
    ) -> None:
        self._draw = Random(seed)  # noqa: S311 - examples are no secrets
        self._smooth, self._most_charges, self._only_at = smooth, most_charges, only_at
        self._effects: dict[tuple[object, ...], float] = {}
        self._plans: Plans = {} if plans is None else plans
        self.places = [
            (Place(number, *facts[:3]), facts)
            for number, facts in enumerate(self._draw.sample(PLACES, 2))
        ]
        self._of = {(place.country, place.funding): place for place, _ in self.places}

    def history(self, cases: int) -> Iterator[PastCase]:
        """So many past cases, in no order."""
        people = max(1, int(cases * 0.8))
        names, weights = list(FAMILIES), [weight for weight, _ in FAMILIES.values()]
        for _ in range(cases):
            family = self._draw.choices(names, weights)[0]
            place, facts = self._draw.choice(self.places)
            yield self._lived(
                PastCase(
                    customer=f"cus_{self._draw.randrange(people)}",
                    opened_at=START + self._draw.randrange(YEAR_SECONDS),
                    closed_at=0,
                    amount_minor=round(1000 + self._draw.expovariate(1 / 3000)),
                    currency=facts[3],
                    family=family,
                    country=place.country,
                    timezone=place.timezone,
                    funding=place.funding,
                )
            )

    def expected(self, case: PastCase, policy: Policy) -> float:
        """The true chance that the policy brings this case's money; for fixed waits alone."""
        return self.chance_of(case, *self._plan(case, policy))

    def simulated(self, case: PastCase, policy: Policy) -> float:
        """The same for any policy, by the production machine run for this case alone."""
        timeline = simulate(policy, scenario_of(case))
        opened_at = instant(case.opened_at)
        return self.chance_of(
            case,
            [int(at.timestamp()) for at in timeline.charges],
            [(at - opened_at).days for at in timeline.messages],
            policy.window.days,
        )

    def chance_of(self, case: PastCase, charges: list[int], letters: list[int], days: int) -> float:
        """The chance that charges at these instants, with messages on these days after the failure,
        bring the money within so many days."""
        chargeable, rest = 1.0, 0.0
        events = sorted(
            [((at - case.opened_at) // DAY_SECONDS, at) for at in charges]
            + [(day, -1) for day in range(days)],
            key=lambda event: (event[0], event[1] < 0),
        )
        made = 0
        for day, at in events:
            if at < 0:
                left = 1 - self._quiet(case, day, sum(letter <= day for letter in letters))
                chargeable, rest = chargeable * left, rest * left
                continue
            refused = chargeable * (1 - self._chance(case, at, made))
            chargeable, rest = refused * (1 - BARRED), rest + refused * BARRED
            made += 1
        return 1 - chargeable - rest

    def _lived(self, case: PastCase) -> PastCase:
        """What became of a case under a policy that tries at random."""
        draw = self._draw
        planned = self._random_charges(case)
        letters = sorted(draw.sample(range(WINDOW_DAYS - 2), draw.randrange(4)))
        charges: list[PastCharge] = []
        for day in range(WINDOW_DAYS):
            while planned and (planned[0] - case.opened_at) // DAY_SECONDS <= day:
                charges.append(self._answered(case, planned.pop(0), len(charges)))
                if charges[-1].succeeded:
                    return _ended(case, charges[-1].at, charges, letters)
                if charges[-1].family is not None:
                    planned = []
            if draw.random() < self._quiet(case, day, sum(letter <= day for letter in letters)):
                noon = case.opened_at + day * DAY_SECONDS + DAY_SECONDS // 2
                paid_at = max(noon, charges[-1].at) if charges else noon
                return replace(_ended(case, paid_at, charges, letters), paid_at=paid_at)
        end = case.opened_at + WINDOW_DAYS * DAY_SECONDS
        return _ended(case, end, charges, letters)

    def _answered(self, case: PastCase, at: int, earlier: int) -> PastCharge:
        succeeded = self._draw.random() < self._chance(case, at, earlier)
        barred = not succeeded and self._draw.random() < BARRED
        return PastCharge(at, succeeded, DeclineFamily.NEVER if barred else None)

    def _random_charges(self, case: PastCase) -> list[int]:
        if case.family not in CHARGED:
            return []
        at, found = case.opened_at, []
        for _ in range(self._draw.randrange(1, self._most_charges + 1)):
            at += self._draw.randrange(12 * HOUR_SECONDS, 132 * HOUR_SECONDS)
            at += self._until_allowed(case, at)
            found.append(at)
        return found

    def _until_allowed(self, case: PastCase, at: int) -> int:
        """How many seconds later the merchant charges, if it does so at one local hour only."""
        if self._only_at is None:
            return 0
        local_hour = self._of[case.country, case.funding].code(at // HOUR_SECONDS) // PAYS
        return (self._only_at - local_hour) % 24 * HOUR_SECONDS

    def _chance(self, case: PastCase, at: int, made: int) -> float:
        place = self._of[case.country, case.funding]
        code = place.code(at // HOUR_SECONDS)
        hours = at // HOUR_SECONDS - case.opened_at // HOUR_SECONDS
        if self._smooth:
            return _logistic(self._smooth_odds(case, code, hours, made))
        number = FAMILY_NUMBER[case.family]
        stratum = charge_stratum(number, hours, code, made)
        known = self._effects.get(("charge", stratum))
        if known is None:
            known = self._effects["charge", stratum] = _logistic(self._odds(case, stratum))
        return known

    def _odds(self, case: PastCase, stratum: int) -> float:
        of = place_of(stratum)
        family = str(of.family)
        return (
            FAMILIES[case.family][1]
            + PAY_EFFECT[of.pay]
            - 0.25 * of.number
            + self._effect(0.3, "since", family, of.since)
            + self._effect(0.3, "hour", family, of.hour)
            + self._effect(0.25, "pay", family, of.pay)
            + self._effect(0.2, "fine", stratum)
        )

    def _smooth_odds(self, case: PastCase, code: int, hours: int, made: int) -> float:
        family = str(case.family)
        hour = code // PAYS
        return (
            FAMILIES[case.family][1]
            + PAY_EFFECT[code % PAYS]
            - 0.2 * made
            + self._effect(0.4, "wave", family) * sin(hour / 24 * 6.283 + self._effect(2, "phase"))
            + self._effect(0.4, "slope", family) * hours / 336
            + self._effect(0.4, "person", case.customer)
        )

    def _quiet(self, case: PastCase, day: int, letters: int) -> float:
        stratum = quiet_stratum(FAMILY_NUMBER[case.family], day, letters)
        known = self._effects.get(("quiet", stratum))
        if known is None:
            of = place_of(stratum)
            odds = -4.4 + 0.5 * of.number - 0.15 * of.since + self._effect(0.3, "day", stratum)
            known = self._effects["quiet", stratum] = _logistic(odds)
        return known

    def _effect(self, spread: float, *name: object) -> float:
        """A property of this merchant, drawn when it is first needed."""
        known = self._effects.get(name)
        if known is None:
            known = self._effects[name] = self._draw.gauss(0, spread)
        return known

    def _plan(self, case: PastCase, policy: Policy) -> tuple[list[int], list[int], int]:
        """Instants of charges, days of messages, days of the window, for fixed waits: the same
        local hours whatever the day, so one run of the machine serves each hour of opening."""
        place = self._of[case.country, case.funding]
        opened = case.opened_at // HOUR_SECONDS
        local_hour = place.code(opened) // PAYS
        key = (policy.name, case.family, local_hour)
        if key not in self._plans:
            self._plans[key] = _planned(case.family, policy, local_hour)
        charges, letters, days = self._plans[key]
        midnight = opened - local_hour
        return [(midnight + hours) * HOUR_SECONDS for hours in charges], letters, days


def _ended(case: PastCase, end: int, charges: list[PastCharge], letters: list[int]) -> PastCase:
    sent = [case.opened_at + letter * DAY_SECONDS for letter in letters]
    sent = [at for at in sent if at <= end]
    return replace(case, closed_at=end, charges=tuple(charges), messages=tuple(sent))


def example_cases(cases: int, seed: int = 1) -> Iterator[PastCase]:
    """Past cases for trying the backtest."""
    return ExampleMerchant(seed).history(cases)


def scenario_of(case: PastCase) -> Scenario:
    """The failed payment of a past case, with a bank that refuses whatever comes."""
    return Scenario(
        opened_at=instant(case.opened_at),
        amount_minor=case.amount_minor,
        currency=case.currency,
        decline=Decline(code="card_declined", decline_code=CODES[case.family]),
        card=Card(
            payment_method="pm_example",
            fingerprint="example",
            brand="visa",
            funding=case.funding,
            country=case.country,
        ),
        profile=Profile(country=case.country, timezone=case.timezone),
    )


def _planned(
    family: DeclineFamily, policy: Policy, local_hour: int
) -> tuple[list[int], list[int], int]:
    opened_at = datetime(2026, 3, 3, local_hour, 30, tzinfo=UTC)
    midnight = opened_at.replace(hour=0, minute=0)
    timeline = simulate(
        policy,
        Scenario(
            opened_at=opened_at,
            amount_minor=3000,
            currency="usd",
            decline=Decline(code="card_declined", decline_code=CODES[family]),
            profile=Profile(timezone="UTC"),
        ),
    )
    return (
        [(at - midnight) // timedelta(hours=1) for at in timeline.charges],
        [(at - opened_at).days for at in timeline.messages],
        policy.window.days,
    )


def _logistic(odds: float) -> float:
    return 1 / (1 + exp(-odds))
