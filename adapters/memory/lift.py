"""Outcomes of customers and histories of paid cases, in memory."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from adapters.memory.world import MemoryWorld
from application.lift_view import Outcomes, PaidCase, Sample
from domain.attribution import MoneyOutcome, PeopleOutcome
from domain.attribution.credit import HEARD
from domain.policy import Policy
from domain.recovery.state import RecoveryCase

Draw = tuple[bool, str | None]  # held out, arm


class MemoryLiftPages:
    """Of one merchant at a time."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def policies(self, merchant_id: UUID) -> Sequence[Policy]:
        mine = [key for key in self._world.policies if key[0] == merchant_id]
        return [self._world.policies[key] for key in sorted(mine, reverse=True)]

    async def outcomes(self, merchant_id: UUID, sample: Sample) -> Outcomes:
        people: Counter[tuple[Draw, int, int]] = Counter()
        money: Counter[tuple[Draw, str, int, int]] = Counter()
        for cases in self._by_person(merchant_id, sample).values():
            draw = _draw(cases[0])
            mine = [case for case in cases if _draw(case) == draw]
            people[draw, len(mine), sum(_is_paid(case) for case in mine)] += 1
            for currency in {case.currency for case in mine}:
                sums = [_sums(case) for case in mine if case.currency == currency]
                owed, came = map(sum, zip(*sums, strict=True))
                money[draw, currency, owed, came] += 1
        return Outcomes(
            people=tuple(
                PeopleOutcome(held_out=out, arm=arm, cases=cases, paid=paid, customers=count)
                for ((out, arm), cases, paid), count in people.items()
            ),
            money=tuple(
                MoneyOutcome(
                    held_out=out,
                    arm=arm,
                    currency=currency,
                    at_risk_minor=owed,
                    recovered_minor=came,
                    customers=count,
                )
                for ((out, arm), currency, owed, came), count in money.items()
            ),
        )

    def _by_person(self, merchant_id: UUID, sample: Sample) -> dict[str, list[RecoveryCase]]:
        """Each person's cases of the sample, oldest first."""
        drawn = [
            (held.state.opened_at, case_id, held.state)
            for (owner, case_id), held in self._world.cases.items()
            if owner == merchant_id
            and held.state.policy_version in sample.versions
            and held.state.opened_at is not None
            and held.state.opened_at <= sample.opened_until
        ]
        found: dict[str, list[RecoveryCase]] = {}
        for _, _, case in sorted(drawn, key=lambda one: one[:2]):
            found.setdefault(case.customer_id or case.invoice_id, []).append(case)
        return found

    async def paid(self, merchant_id: UUID, after: UUID | None, limit: int) -> Sequence[PaidCase]:
        mine = sorted(
            case_id
            for (owner, case_id), held in self._world.cases.items()
            if owner == merchant_id
            and held.state.recovered_minor > 0
            and (after is None or case_id > after)
        )
        return [
            PaidCase(
                case_id,
                tuple(
                    event
                    for event in self._world.cases[merchant_id, case_id].events
                    if isinstance(event, HEARD)
                ),
            )
            for case_id in mine[:limit]
        ]


def _draw(case: RecoveryCase) -> Draw:
    return case.held_out, case.arm


def returned(case: RecoveryCase) -> int:
    """What went back of what had come."""
    return case.refunded_minor + case.disputed_minor


def _is_paid(case: RecoveryCase) -> bool:
    return case.recovered_minor > returned(case)


def _sums(case: RecoveryCase) -> tuple[int, int]:
    """What was at risk, and what of it came and stayed."""
    owed = case.amount_minor + case.paid_minor
    came = max(case.recovered_minor, case.paid_minor) - returned(case)
    return owed, min(max(came, 0), owed)
