"""Customers' word that another card of theirs may be charged, in memory."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldConsent
from application.ports.consents import Consent


class MemoryConsentStore(MemoryStore):
    """Those of one merchant's cases."""

    async def give(self, case_id: UUID, consent: Consent) -> bool:
        method = consent.card.payment_method
        if any(held.card.payment_method == method for held in await self.standing(case_id)):
            return False
        key = (self.merchant_id, len(self.world.consents))
        held = HeldConsent(case_id=case_id, consent=consent)
        self.journal.put(self.world.consents, key, held)
        return True

    async def withdraw(self, case_id: UUID, payment_method: str, at: datetime) -> bool:
        for key, held in list(self.world.consents.items()):
            whose = (key[0], held.case_id, held.consent.card.payment_method)
            if whose == (self.merchant_id, case_id, payment_method) and held.withdrawn_at is None:
                self.journal.put(self.world.consents, key, replace(held, withdrawn_at=at))
                return True
        return False

    async def standing(self, case_id: UUID) -> tuple[Consent, ...]:
        found = [
            held.consent
            for (merchant_id, _), held in self.world.consents.items()
            if (merchant_id, held.case_id) == (self.merchant_id, case_id)
            and held.withdrawn_at is None
        ]
        found.sort(key=lambda each: each.card.payment_method)
        return tuple(sorted(found, key=lambda each: each.given_at, reverse=True))
