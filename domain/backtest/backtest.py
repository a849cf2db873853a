"""How another policy would have done with a merchant's own past, and how sure that is."""

from collections.abc import Iterable
from math import sqrt
from typing import Final

from msgspec.structs import replace

from domain.backtest.hazards import Hazards, hazards_of
from domain.backtest.history import PastCase
from domain.backtest.interval import QUANTILE, deviation, extremes, quantile
from domain.backtest.kinds import Kinds
from domain.backtest.outcome import Load, Outcome
from domain.backtest.report import SENTENCES, OfFamily, OfPolicy, Report, Unknown
from domain.backtest.routes import Router
from domain.backtest.strata import CHARGES, FAMILIES, STRATA, in_words
from domain.backtest.tally import Tally
from domain.policy import Learned, Policy, StripeRetries
from domain.timing.knowledge import Knowledge

# An unknown stratum with fewer planned charges than this part of all is not worth a line.
WORTH_SAYING: Final = 0.001


class EmptyHistory(ValueError):
    """There is not one case, or none that is worth anything: nothing can be said."""


class LeftToStripe(ValueError):
    """A policy whose charges Stripe chooses: when it would have charged, nobody can know."""


def backtest(
    cases: Iterable[PastCase],
    a: Policy | None,
    b: Policy,
    knowledge: Knowledge | None = None,
    *,
    a_made_it: bool = True,
) -> Report:
    """Policy B against A (None: against what happened) over `cases`, read once.

    With `a_made_it` the method is checked: A, estimated, must agree with what happened; an A that
    leaves the charges to Stripe is not estimated, it is what happened. Arms and hold-outs are left
    out: a policy is tried as it treats everybody. What learns is tried as `knowledge` has it.
    Raises EmptyHistory; LeftToStripe where B, or an A that did not make the history, charges by
    Stripe's choice.
    """
    a = _estimated(a, made_it=a_made_it)
    if _follows(b):
        raise LeftToStripe("policy B leaves the charges to Stripe")
    policies = [_whole(policy) for policy in (a, b) if policy is not None]
    kinds = Kinds(*policies)
    tally = Tally(kinds.of if kinds.matter else None)
    tally.read(kinds.watched(cases))
    tally.close()
    if not sum(tally.cents):
        raise EmptyHistory("the history holds no case that is worth anything")
    return _report(tally, policies, kinds, knowledge or Knowledge(), check=a_made_it)


def _estimated(a: Policy | None, *, made_it: bool) -> Policy | None:
    """A, or None if it is what happened."""
    if a is None or not _follows(a):
        return a
    if not made_it:
        raise LeftToStripe("policy A leaves the charges to Stripe")
    return None


def _follows(policy: Policy) -> bool:
    return policy.stripe_retries is not StripeRetries.TAKE_OVER


def _learns(policy: Policy) -> bool:
    """Whether it hangs on what has worked before."""
    plans = [*policy.plans.values()]
    plans += [plan for segment in policy.segments for plan in segment.plans.values()]
    return any(
        isinstance(plan.retries, Learned) or any(step.if_worthwhile for step in plan.campaign)
        for plan in plans
    )


def _whole(policy: Policy) -> Policy:
    return replace(policy, hold_out_percent=0, arms=())


def _report(
    tally: Tally, policies: list[Policy], kinds: Kinds, knowledge: Knowledge, *, check: bool
) -> Report:
    hazards = hazards_of(tally)
    places = list(tally.places.values())
    routers = [Router(policy, knowledge, kinds) for policy in policies]
    outcomes = [Outcome(Load(router.stretches(tally.lots, places)), hazards) for router in routers]
    *others, b = outcomes
    comparison = _Comparison(tally, hazards, others[0] if others else None, b)
    return replace(
        comparison.report(check=check),
        runs=sum(router.runs for router in routers),
        learns=any(map(_learns, policies)),
    )


class _Comparison:
    """Two outcomes over one history."""

    def __init__(self, tally: Tally, hazards: Hazards, a: Outcome | None, b: Outcome) -> None:
        self._tally, self._hazards, self._a, self._b = tally, hazards, a, b
        self._cents = sum(tally.cents)
        self._actual = sum(tally.recovered)

    def report(self, *, check: bool) -> Report:
        tally, a = self._tally, self._a
        middle, deviated, least, most = self._difference()
        room = quantile(most - least, deviated) * deviated
        return Report(
            cases=sum(tally.cases),
            value_cents=round(self._cents),
            actual_percent=self._percent(self._actual),
            actual_charges=sum(tally.attempts),
            actual_messages=tally.messages,
            a=self._of_policy(a) if a else None,
            b=self._of_policy(self._b),
            difference_percent=self._percent(middle),
            low=self._percent(least - room),
            high=self._percent(most + room),
            sampling_low=self._percent(middle - QUANTILE * deviated),
            sampling_high=self._percent(middle + QUANTILE * deviated),
            method_holds=self._holds(a) if a and check else None,
            families=tuple(self._families()),
            unknown=self._unknown(),
        )

    def _percent(self, cents: float) -> float:
        return 100 * cents / self._cents

    def _difference(self) -> tuple[float, float, float, float]:
        """B less A in cents: estimate, deviation, least and greatest by what nobody knows."""
        a, b = self._a, self._b
        if a is None:
            middle, deviated, least, most = self._alone(b)
            actual = self._actual
            return (
                middle - actual, sqrt(deviated**2 + self._luck() ** 2), least - actual,
                most - actual,
            )  # fmt: skip
        slopes = [of_b - of_a for of_a, of_b in zip(a.slopes, b.slopes, strict=True)]
        least, most = self._bounds(a, b, slopes)
        return (
            sum(b.paid) - sum(a.paid),
            self._deviation(slopes, a.sampled + b.sampled),
            least,
            most,
        )

    def _deviation(self, slopes: list[float], sampled: float) -> float:
        return sqrt(deviation(slopes, self._hazards, self._tally) ** 2 + sampled)

    def _bounds(self, a: Outcome, b: Outcome, slopes: list[float]) -> tuple[float, float]:
        """The least and the greatest difference that what nobody knows allows.

        A stratum that both plans use can hide the others' effect when it is taken at its best, so
        the extremes are looked for with those strata and without them.
        """
        alone = [
            slope if not (of_a and of_b) else 0.0
            for slope, of_a, of_b in zip(slopes, a.slopes, b.slopes, strict=True)
        ]
        ends = [*extremes(slopes, self._hazards), *extremes(alone, self._hazards)]
        found = [sum(b.paid) - sum(a.paid), *(b.value(rates) - a.value(rates) for rates in ends)]
        return min(found), max(found)

    def _alone(self, one: Outcome) -> tuple[float, float, float, float]:
        low, high = extremes(one.slopes, self._hazards)
        deviated = self._deviation(one.slopes, one.sampled)
        return sum(one.paid), deviated, one.value(low), one.value(high)

    def _luck(self) -> float:
        """How much what really came could have been otherwise by luck alone, in cents."""
        share = min(1.0, self._actual / self._cents)
        return sqrt(self._tally.squares * share * (1 - share))

    def _holds(self, a: Outcome) -> bool:
        """Whether A, estimated, agrees with what came; meaningful if A made the history."""
        _, deviated, least, most = self._alone(a)
        deviated = sqrt(deviated**2 + self._luck() ** 2)
        room = quantile(most - least, deviated) * deviated
        return least - room <= self._actual <= most + room

    def _of_policy(self, one: Outcome) -> OfPolicy:
        middle, deviated, least, most = self._alone(one)
        room = quantile(most - least, deviated) * deviated
        return OfPolicy(
            recovered_percent=self._percent(middle),
            low_percent=max(0.0, self._percent(least - room)),
            high_percent=min(100.0, self._percent(most + room)),
            charges=sum(one.charges),
            messages=one.messages,
            cannot_know_percent=one.cannot_know(self._hazards),
            leaning_percent=one.leaning(self._hazards),
        )

    def _families(self) -> list[OfFamily]:
        tally, a, b = self._tally, self._a, self._b
        return [
            OfFamily(
                family=str(family),
                cases=tally.cases[number],
                actual_percent=100 * tally.recovered[number] / tally.cents[number],
                a_percent=100 * a.paid[number] / tally.cents[number] if a else None,
                b_percent=100 * b.paid[number] / tally.cents[number],
                actual_charges=tally.attempts[number],
                a_charges=a.charges[number] if a else None,
                b_charges=b.charges[number],
            )
            for number, family in enumerate(FAMILIES)
            if tally.cents[number]
        ]

    def _unknown(self) -> tuple[Unknown, ...]:
        """Where the plans go and the history did not, the most planned first."""
        found = []
        for name, one in (("a", self._a), ("b", self._b)):
            if one is None:
                continue
            least = WORTH_SAYING * sum(one.reached[:CHARGES])
            found += [
                Unknown(
                    what=in_words(stratum),
                    tries=self._hazards.tries[stratum],
                    planned=one.reached[stratum],
                    policy=name,
                )
                for stratum in range(STRATA)
                if one.reached[stratum] > least and self._hazards.is_open(stratum)
            ]
        found.sort(key=lambda unknown: (-unknown.planned, unknown.what))
        return tuple(found[:SENTENCES])
