"""What is kept when an address turns out not to be one, or its owner not to want any more."""

from datetime import datetime

from application.ports.stores import AuditEntry
from application.ports.suppressions import Suppression, hash_of
from application.ports.unit_of_work import UnitOfWork


async def remember_dead(
    uow: UnitOfWork, address: str, *, actor: str, subject: str, at: datetime
) -> None:
    """Nobody writes to `address` any more, for it does not exist."""
    await leave_alone(uow, address, Suppression.BOUNCED, actor=actor, subject=subject, at=at)


async def leave_alone(  # noqa: PLR0913 - every one is named where it is called
    uow: UnitOfWork, address: str, why: Suppression, *, actor: str, subject: str, at: datetime
) -> bool:
    """Nobody writes to `address` (a mail address or a number) any more; told in the audit log once,
    without the address. False if nobody did already."""
    if not await uow.suppressions.add(hash_of(address), why, at):
        return False
    await uow.audit.add(
        AuditEntry(
            at=at,
            actor=actor,
            action="suppress_address",
            subject=subject,
            before={},
            after={"reason": why.value},
        )
    )
    return True
