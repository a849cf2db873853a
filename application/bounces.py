"""What is kept when a mail server says that an address does not exist."""

from datetime import datetime

from application.ports.stores import AuditEntry
from application.ports.suppressions import Suppression, hash_of
from application.ports.unit_of_work import UnitOfWork


async def remember_dead(
    uow: UnitOfWork, address: str, *, actor: str, subject: str, at: datetime
) -> None:
    """Nobody writes to `address` any more; told in the audit log once, without the address."""
    if await uow.suppressions.add(hash_of(address), Suppression.BOUNCED, at):
        await uow.audit.add(
            AuditEntry(
                at=at,
                actor=actor,
                action="suppress_address",
                subject=subject,
                before={},
                after={"reason": Suppression.BOUNCED.value},
            )
        )
