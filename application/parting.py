"""An account took its agreement back in Stripe: it is let go at once, before its cases are stopped.

From then on nobody finds a credential for it, whatever is under way.
"""

from datetime import datetime
from typing import Final

from application.account_tasks import account_left
from application.ports.stores import AuditEntry, EventRef
from application.ports.stripe_accounts import Access, Connection
from application.ports.unit_of_work import UnitOfWork

PARTED: Final = "disconnected_in_stripe"
"""The action in the audit log, by which the page tells of it later."""


async def part(uow: UnitOfWork, ref: EventRef, at: datetime | None, now: datetime) -> bool:
    """Whether the account has gone: not if it is called by a key of its own, which needs no
    agreement, or has agreed again since `at`. One that is not there any more has gone before."""
    known = {each.account: each for each in await uow.connections.all()}
    connection = known.get(ref.account)
    if connection is not None and _stays(connection, at):
        return False
    await uow.chores.stop(ref.account, now)
    await account_left(uow, ref.account, f"stripe:{ref.event_id}", now)
    if connection is not None:
        await uow.connections.let_go(ref.account, now)
        await uow.audit.add(
            AuditEntry(
                at=now,
                actor=f"stripe:{ref.event_id}",
                action=PARTED,
                subject=f"account:{ref.account}",
                before={"access": connection.access},
                after={"parted_at": (at or now).isoformat()},
            )
        )
    return True


def _stays(connection: Connection, at: datetime | None) -> bool:
    reached_at = connection.checked_at  # since when Stripe let us in, by our own clock
    again = at is not None and reached_at is not None and reached_at > at
    return connection.access is Access.KEY or again
