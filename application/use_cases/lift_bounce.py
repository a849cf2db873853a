"""LiftBounce: the merchant says that an address is right again, and letters may go there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.ports.stores import AuditEntry
from application.ports.suppressions import Suppression
from application.ports.unit_of_work import OpenUnitOfWork
from application.tasks import of_address, settle
from domain.tasks import TaskKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftBounce:
    """A complaint and a wish to be left alone are their owner's word, and stay."""

    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]

    async def __call__(self, merchant_id: UUID, address_hash: bytes, user_id: UUID) -> bool:
        """False if no bounce keeps letters from that address."""
        now, actor = self.clock(), f"user:{user_id}"
        subject = of_address(address_hash)
        async with self.open_uow(merchant_id) as uow:
            if not await uow.suppressions.lift(address_hash, Suppression.BOUNCED, now):
                return False
            await uow.audit.add(
                AuditEntry(
                    at=now, actor=actor, action="lift_bounce", subject=subject, before={}, after={}
                )
            )
            await settle(uow, TaskKind.DEAD_ADDRESS, subject, actor=actor, at=now)
        return True
