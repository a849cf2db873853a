"""AskOfAccount: what a merchant asks for with a button, and the workers do bit by bit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from application.connecting import OpenConnectingWork
from application.errors import NotFound
from application.ports.chores import ChoreKind
from application.ports.stores import AuditEntry

ASKED: Final[Mapping[ChoreKind, str]] = {
    ChoreKind.IMPORT: "import_history",
    ChoreKind.TAKE_UP: "take_up_open_invoices",
    ChoreKind.LEAVE: "disconnect_account",
}
"""What may be asked for, and what the audit log calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOfAccount:
    """Asking twice is harmless: the chore that waits is the same one."""

    open_uow: OpenConnectingWork
    clock: Callable[[], datetime]

    async def __call__(self, merchant_id: UUID, account: str, kind: ChoreKind, actor: str) -> None:
        """Raises NotFound for an account that the merchant has not connected."""
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            if account not in {each.account for each in await uow.connections.all()}:
                raise NotFound
            await uow.chores.put(account, kind, now)
            await uow.audit.add(
                AuditEntry(
                    at=now,
                    actor=actor,
                    action=ASKED[kind],
                    subject=f"account:{account}",
                    before={},
                    after={},
                )
            )
