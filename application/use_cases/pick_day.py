"""PickDay: the customer says when their card is to be charged, at once or on which day, and is left
alone until then."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from application.change_case import CaseRef, Cases, Change
from application.owed import Debt, owed_with
from domain.money import Money, sums
from domain.recovery import commands as c
from domain.recovery.events import DatePicked
from domain.recovery.quiet import charge_at_once, days_to_pick

CUSTOMER = "customer"


class DaysOffer(Struct, frozen=True, kw_only=True):
    """The days that may be picked and the one that was, in the customer's zone; and what would be
    charged at once to the card on file, an amount for each currency."""

    days: tuple[date, ...] = ()
    picked: date | None = None
    at_once: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PickDay:
    """For the customer who follows their link: only days are offered on which the charge would be
    made as they wish. What they say holds for all they owe, where it can be kept."""

    cases: Cases

    async def offer(self, ref: CaseRef) -> DaysOffer:
        """Changes nothing."""
        debts = await owed_with(self.cases, ref)
        if not debts:
            return DaysOffer()
        first = debts[0].case
        zone, days = await self._days(debts[0])
        return DaysOffer(
            days=tuple(days),
            picked=first.picked_at.astimezone(zone).date() if first.picked_at else None,
            at_once=sums(debt.case.owed for debt in await self._at_once(debts)),
        )

    async def pick(self, ref: CaseRef, day: date) -> bool:
        """False if that day is not offered (any more)."""
        kept = False
        for debt in await owed_with(self.cases, ref):
            _, days = await self._days(debt)
            if day in days:
                kept = await self._wish(debt.ref, c.PickDate(at=days[day])) or kept
        return kept

    async def at_once(self, ref: CaseRef) -> bool:
        """Have the card on file charged by the next worker; False if that cannot be just now."""
        kept = False
        for debt in await self._at_once(await owed_with(self.cases, ref)):
            kept = await self._wish(debt.ref, c.ChargeNow()) or kept
        return kept

    async def _days(self, debt: Debt) -> tuple[ZoneInfo, dict[date, datetime]]:
        case, basis, now = await self.cases.outlook(debt.ref)
        zone = ZoneInfo(case.zone(basis.policy))
        return zone, {at.astimezone(zone).date(): at for at in days_to_pick(case, basis, now)}

    async def _at_once(self, debts: tuple[Debt, ...]) -> list[Debt]:
        """What the first one's card can be charged with just now."""
        number = debts[0].case.card.fingerprint if debts and debts[0].case.card else None
        able = []
        for debt in debts:
            case, basis, now = await self.cases.outlook(debt.ref)
            same = case.card is not None and case.card.fingerprint == number
            if same and charge_at_once(case, basis, now):
                able.append(debt)
        return able

    async def _wish(self, ref: CaseRef, command: c.PickDate | c.ChargeNow) -> bool:
        change = Change(commands=(command,), actor=CUSTOMER, at=self.cases.clock())
        events = await self.cases.apply(ref, change)
        return any(isinstance(event, DatePicked) for event in events)
