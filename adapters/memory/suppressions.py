"""Addresses that letters do not go to, in memory."""

from datetime import datetime

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldSuppression
from application.ports.suppressions import Suppression


class MemorySuppressionStore(MemoryStore):
    """Those of one merchant."""

    async def add(self, address_hash: bytes, reason: Suppression, at: datetime) -> bool:
        before = await self.reason(address_hash)
        if before is not None and before.weight >= reason.weight:
            return False
        held = HeldSuppression(reason=reason, at=at)
        self.journal.put(self.world.suppressions, (self.merchant_id, address_hash), held)
        return True

    async def lift(self, address_hash: bytes, reason: Suppression, at: datetime) -> bool:
        if await self.reason(address_hash) is not reason:
            return False
        key = (self.merchant_id, address_hash)
        lifted = replace(self.world.suppressions[key], lifted_at=at)
        self.journal.put(self.world.suppressions, key, lifted)
        return True

    async def reason(self, address_hash: bytes) -> Suppression | None:
        held = self.world.suppressions.get((self.merchant_id, address_hash))
        return held.reason if held is not None and held.lifted_at is None else None
