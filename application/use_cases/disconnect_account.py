"""DisconnectAccount: the merchant's button. The account is left by a chore, and then let go of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.connecting import OpenConnectingWork
from application.errors import NotFound
from application.ports.chores import ChoreKind
from application.ports.stores import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectAccount:
    """Asking twice is harmless: the chore that waits is the same one."""

    open_uow: OpenConnectingWork
    clock: Callable[[], datetime]

    async def __call__(self, merchant_id: UUID, account: str, actor: str) -> None:
        """Raises NotFound for an account that the merchant has not connected."""
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            if account not in {each.account for each in await uow.connections.all()}:
                raise NotFound
            await uow.chores.put(account, ChoreKind.LEAVE, now)
            await uow.audit.add(
                AuditEntry(
                    at=now,
                    actor=actor,
                    action="disconnect_account",
                    subject=f"account:{account}",
                    before={},
                    after={},
                )
            )
