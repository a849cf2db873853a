"""ShareLessons: whether what a merchant's outcomes teach may help others, as counts without a
name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.ports.registry import Registry
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import OpenUnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLessons:
    """Nobody shares before they have agreed; saying it twice is harmless."""

    open_uow: OpenUnitOfWork
    registry: Registry
    clock: Callable[[], datetime]

    async def __call__(self, merchant_id: UUID, *, shares: bool, actor: str) -> None:
        """Raises NotFound."""
        await self.registry.merchant(merchant_id)
        async with self.open_uow(merchant_id) as uow:
            before = await uow.pool.is_fed_by_us()
            if before is shares:
                return
            await uow.pool.agree(shares)
            await uow.audit.add(
                AuditEntry(
                    at=self.clock(),
                    actor=actor,
                    action="share_lessons",
                    subject=f"merchant:{merchant_id}",
                    before={"shares": int(before)},
                    after={"shares": int(shares)},
                )
            )
