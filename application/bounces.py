"""What is kept when an address turns out not to be one, or its owner not to want any more."""

from datetime import datetime

from application.ports.stores import AuditEntry
from application.ports.suppressions import Suppression, hash_of
from application.ports.unit_of_work import UnitOfWork
from application.tasks import case_of, unreachable


async def remember_dead(
    uow: UnitOfWork, address: str, *, actor: str, subject: str, at: datetime
) -> None:
    """Nobody writes to `address` any more, for it does not exist."""
    await leave_alone(uow, address, Suppression.BOUNCED, actor=actor, subject=subject, at=at)


async def leave_alone(  # noqa: PLR0913 - every one is named where it is called
    uow: UnitOfWork, address: str, why: Suppression, *, actor: str, subject: str, at: datetime
) -> bool:
    """Nobody writes to `address` (a mail address or a number) any more. False if nobody did
    already."""
    note = remember if "@" in address else _kept  # a dead number keeps no letter from anybody
    return await note(uow, hash_of(address), why, (actor, subject), at)


async def remember(
    uow: UnitOfWork, address_hash: bytes, why: Suppression, by: tuple[str, str], at: datetime
) -> bool:
    """The same of a mail address that only its hash is known of; told in the audit log once, and to
    a person, who may reach its owner otherwise. `by` is who said so, and about what."""
    if not await _kept(uow, address_hash, why, by, at):
        return False
    await unreachable(uow, address_hash, why, case_of(by[1]), at)
    return True


async def _kept(
    uow: UnitOfWork, address_hash: bytes, why: Suppression, by: tuple[str, str], at: datetime
) -> bool:
    if not await uow.suppressions.add(address_hash, why, at):
        return False
    actor, subject = by
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
