"""NoteRefusedKey: Stripe does not let us into an account any more, or does again.

Work of the account goes on waiting: nothing of it is counted as declined. The merchant sees it on
every page, and what to do.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.account_tasks import follow_key
from application.connecting import OpenConnectingWork
from application.ports.stores import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRefusedKey:
    """Told twice, by two processes at once, it is noted twice, and means the same."""

    open_uow: OpenConnectingWork
    clock: Callable[[], datetime]

    async def __call__(self, merchant_id: UUID, account: str, *, refused: bool) -> None:
        """Of an account that was let go meanwhile nothing is noted."""
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            known = {each.account: each for each in await uow.connections.all()}
            connection = known.get(account)
            if connection is None or (connection.refused_at is not None) == refused:
                return
            await uow.connections.key_refused(account, now if refused else None)
            await uow.audit.add(
                AuditEntry(
                    at=now,
                    actor="stripe",
                    action="key_refused" if refused else "key_accepted",
                    subject=f"account:{account}",
                    before={},
                    after={},
                )
            )
            await follow_key(uow, account, refused=refused, actor="stripe", at=now)
