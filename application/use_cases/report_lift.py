"""ReportLift: what came back because of us, against a hold-out, between arms, and by cause."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from application.errors import NotFound
from application.lift_view import Comparison, LiftPages, LiftReport, MoneyLift, Outcomes, Sample
from domain.attribution import (
    Credited,
    Experiment,
    MoneyOutcome,
    PeopleOutcome,
    anyway_per_million,
    compare,
    credited,
    extra,
    latest_experiment,
    money_groups,
    people_group,
    split,
)
from domain.attribution.lift import LEVEL

BATCH: Final = 1000  # paid cases read at once
DAY: Final = timedelta(days=1)

Outcome = PeopleOutcome | MoneyOutcome
Lot = Callable[[Outcome], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLift:
    """Reads; changes nothing. May be asked as often as one likes: the intervals stay valid."""

    pages: LiftPages

    async def __call__(
        self, merchant_id: UUID, now: datetime, told: Callable[[int], None] | None = None
    ) -> LiftReport:
        """`told` hears how many paid cases have been read. Raises NotFound for a merchant that
        is not there."""
        policies = await self.pages.policies(merchant_id)
        if not policies:
            raise NotFound("merchant")
        experiment = latest_experiment(policies)
        treated = await self._treated(merchant_id, experiment, now)
        known = {one.currency: anyway_per_million(one.lift) for one in treated.money}
        per_million = {currency: part for currency, part in known.items() if part is not None}
        payments = [one async for one in self._payments(merchant_id, told)]
        return LiftReport(
            merchant_id=merchant_id,
            at=now,
            policy=experiment.name,
            hold_out_percent=experiment.hold_out_percent,
            versions=experiment.versions,
            horizon_days=experiment.horizon / DAY,
            treated=treated,
            arms=await self._arms(merchant_id, experiment, now),
            credit=split(payments, per_million),
        )

    async def _treated(self, merchant_id: UUID, one: Experiment, now: datetime) -> Comparison:
        sample = Sample(versions=one.versions, opened_until=now - one.horizon)
        outcomes = await self.pages.outcomes(merchant_id, sample)
        lots = (lambda row: not row.held_out, lambda row: row.held_out)
        return _compared(outcomes, ("treated", "held_out"), lots, LEVEL)

    async def _arms(
        self, merchant_id: UUID, one: Experiment, now: datetime
    ) -> tuple[Comparison, ...]:
        if one.control is None or not one.arms:
            return ()
        sample = Sample(versions=one.arm_versions, opened_until=now - one.horizon)
        outcomes = await self.pages.outcomes(merchant_id, sample)
        level = LEVEL / len(one.arms)  # several comparisons share one chance of being wrong
        return tuple(
            _compared(outcomes, (arm, one.control), (_in_arm(arm), _in_arm(one.control)), level)
            for arm in one.arms
        )

    async def _payments(
        self, merchant_id: UUID, told: Callable[[int], None] | None
    ) -> AsyncIterator[Credited]:
        after: UUID | None = None
        read = 0
        while batch := await self.pages.paid(merchant_id, after, BATCH):
            for found in filter(None, (credited(case.history) for case in batch)):
                yield found
            after, read = batch[-1].case_id, read + len(batch)
            if told is not None:
                told(read)


def _in_arm(name: str) -> Lot:
    return lambda row: not row.held_out and row.arm == name


def _compared(
    outcomes: Outcomes, names: tuple[str, str], lots: tuple[Lot, Lot], level: float
) -> Comparison:
    one, other = lots
    customers = compare(
        people_group(filter(one, outcomes.people)),
        people_group(filter(other, outcomes.people)),
        level,
    )
    money = tuple(
        _in_money(
            currency,
            [row for row in outcomes.money if row.currency == currency and one(row)],
            [row for row in outcomes.money if row.currency == currency and other(row)],
            level,
        )
        for currency in _currencies(filter(one, outcomes.money))
    )
    return Comparison(lot=names[0], against=names[1], customers=customers, money=money)


def _currencies(rows: Iterable[MoneyOutcome]) -> list[str]:
    return sorted({row.currency for row in rows})


def _in_money(
    currency: str, treated: list[MoneyOutcome], control: list[MoneyOutcome], level: float
) -> MoneyLift:
    chased, watched = money_groups(treated, control)
    lift = compare(chased, watched, level)
    return MoneyLift(currency=currency, lift=lift, extra=extra(lift, chased))
