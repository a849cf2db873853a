"""Kinds of cases: those of one family and place of which a policy may ask different things."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import chain, islice
from typing import Final

from domain.backtest.history import PastCase
from domain.backtest.places import Place, instant
from domain.backtest.tally import KIND_BITS
from domain.invoice import Profile
from domain.policy import FixedWaits, Policy
from domain.timing.features import AMOUNT_CENTS

# Kinds of cases that are planned apart; those beyond are treated like the last.
MOST_KINDS: Final = 1 << KIND_BITS


class Kinds:
    """Sorts cases by what a policy asks of them beyond family and place."""

    def __init__(self, *policies: Policy) -> None:
        self._segmented = [policy for policy in policies if policy.segments]
        self.matter = bool(self._segmented) or any(map(_weighs, policies))
        self.examples: list[PastCase] = []
        self._numbers: dict[tuple[object, ...], int] = {}

    def of(self, case: PastCase, cents: float) -> int:
        """The number of a case's kind; the first case of a kind is its example."""
        key = (bisect_right(AMOUNT_CENTS, cents), case.currency, case.interval)
        number = self._numbers.get((*key, *self._segments(case)) if self._segmented else key)
        return self._new(case, key) if number is None else number

    def watched(self, cases: Iterable[PastCase]) -> Iterable[PastCase]:
        """The same cases; where kinds do not matter, the first is the example of all."""
        if self.matter:
            return cases
        rest = iter(cases)
        first = list(islice(rest, 1))
        self.examples += first
        return chain(first, rest)

    def _new(self, case: PastCase, key: tuple[object, ...]) -> int:
        if len(self.examples) == MOST_KINDS:
            return MOST_KINDS - 1
        number = self._numbers[*key, *self._segments(case)] = len(self.examples)
        self.examples.append(case)
        return number

    def _segments(self, case: PastCase) -> list[str | None]:
        profile, at = profile_of(case, None), instant(case.opened_at)
        return [
            policy.segment_of(profile, case.amount_minor, case.currency, at)
            for policy in self._segmented
        ]


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
