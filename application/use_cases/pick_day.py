"""PickDay: the customer says on which day their card is to be charged, and is left alone until
then."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from application.change_case import CaseRef, Cases, Change
from domain.recovery import commands as c
from domain.recovery.events import DatePicked
from domain.recovery.quiet import days_to_pick

CUSTOMER = "customer"


class DaysOffer(Struct, frozen=True, kw_only=True):
    """The days that may be picked and the one that was, in the customer's zone."""

    days: tuple[date, ...] = ()
    picked: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PickDay:
    """For the customer who follows their link: only days are offered on which the charge would be
    made as they wish."""

    cases: Cases

    async def offer(self, ref: CaseRef) -> DaysOffer:
        """Changes nothing."""
        days, picked = await self._days(ref)
        return DaysOffer(days=tuple(days), picked=picked)

    async def pick(self, ref: CaseRef, day: date) -> bool:
        """False if that day is not offered (any more)."""
        days, _ = await self._days(ref)
        at = days.get(day)
        if at is None:
            return False
        command = c.PickDate(at=at)
        change = Change(commands=(command,), actor=CUSTOMER, at=self.cases.clock())
        events = await self.cases.apply(ref, change)
        return any(isinstance(event, DatePicked) for event in events)

    async def _days(self, ref: CaseRef) -> tuple[dict[date, datetime], date | None]:
        case, basis, now = await self.cases.outlook(ref)
        if not case.is_open:
            return {}, None
        zone = ZoneInfo(case.zone(basis.policy))
        days = {at.astimezone(zone).date(): at for at in days_to_pick(case, basis, now)}
        picked = case.picked_at.astimezone(zone).date() if case.picked_at else None
        return days, picked
