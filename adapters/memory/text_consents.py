"""Customers' word that they may be texted, in memory."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from application.ports.text_consents import MOST, TextConsent


class MemoryTextConsentStore(MemoryStore):
    """Those of one merchant's cases, each case's in the order in which they came."""

    async def give(self, case_id: UUID, consent: TextConsent) -> bool:
        before = await self.latest(case_id)
        case = self.world.cases.get((self.merchant_id, case_id))
        if case is None or not case.state.is_open:
            return False
        stands = before is not None and before.withdrawn_at is None
        if stands and before is not None and before.number == consent.number:
            return False
        if len(self._held(case_id)) >= MOST:
            return False
        await self.withdraw(case_id, consent.given_at)
        self._keep(case_id, (*self._held(case_id), consent))
        return True

    async def withdraw(self, case_id: UUID, at: datetime) -> bool:
        before = await self.latest(case_id)
        if before is None or before.withdrawn_at is not None:
            return False
        ended = replace(before, withdrawn_at=at, number=None)
        self._keep(case_id, (*self._held(case_id)[:-1], ended))
        return True

    async def latest(self, case_id: UUID) -> TextConsent | None:
        held = self._held(case_id)
        return held[-1] if held else None

    async def forget(self, case_id: UUID) -> None:
        self._keep(case_id, tuple(replace(each, number=None) for each in self._held(case_id)))

    def _held(self, case_id: UUID) -> tuple[TextConsent, ...]:
        return self.world.text_consents.get((self.merchant_id, case_id), ())

    def _keep(self, case_id: UUID, held: tuple[TextConsent, ...]) -> None:
        if held:
            self.journal.put(self.world.text_consents, (self.merchant_id, case_id), held)
