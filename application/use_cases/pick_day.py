"""PickDay: the customer says when their card is to be charged, at once or on which day, and is left
alone until then."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from msgspec import Struct

from application.change_case import CaseRef, Cases, Change
from domain.recovery import commands as c
from domain.recovery.events import DatePicked
from domain.recovery.quiet import charge_at_once, days_to_pick

CUSTOMER = "customer"


class DaysOffer(Struct, frozen=True, kw_only=True):
    """The days that may be picked and the one that was, in the customer's zone; and whether the
    card on file can be charged at once."""

    days: tuple[date, ...] = ()
    picked: date | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PickDay:
    """For the customer who follows their link: only days are offered on which the charge would be
    made as they wish."""

    cases: Cases

    async def offer(self, ref: CaseRef) -> DaysOffer:
        """Changes nothing."""
        case, basis, now = await self.cases.outlook(ref)
        if not case.is_open:
            return DaysOffer()
        zone = ZoneInfo(case.zone(basis.policy))
        return DaysOffer(
            days=tuple(at.astimezone(zone).date() for at in days_to_pick(case, basis, now)),
            picked=case.picked_at.astimezone(zone).date() if case.picked_at else None,
            at_once=bool(charge_at_once(case, basis, now)),
        )

    async def pick(self, ref: CaseRef, day: date) -> bool:
        """False if that day is not offered (any more)."""
        case, basis, now = await self.cases.outlook(ref)
        zone = ZoneInfo(case.zone(basis.policy))
        days = {at.astimezone(zone).date(): at for at in days_to_pick(case, basis, now)}
        return day in days and await self._wish(ref, c.PickDate(at=days[day]))

    async def at_once(self, ref: CaseRef) -> bool:
        """Have the card on file charged by the next worker; False if that cannot be just now."""
        return await self._wish(ref, c.ChargeNow())

    async def _wish(self, ref: CaseRef, command: c.PickDate | c.ChargeNow) -> bool:
        change = Change(commands=(command,), actor=CUSTOMER, at=self.cases.clock())
        events = await self.cases.apply(ref, change)
        return any(isinstance(event, DatePicked) for event in events)
