"""LetGo: the last step of leaving. Our endpoint, or our agreement, goes, and then key and secrets.

Stripe first: without the credential nothing of ours could be removed there any more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.account_tasks import account_left
from application.connecting import OpenConnectingWork
from application.ports.chores import ChoreRef
from application.ports.stores import AuditEntry
from application.ports.stripe_accounts import Access, Connection, Credentials, KeyCheck


class GivesBack(Protocol):
    """The part of Agreeing that leaving needs."""

    async def deauthorize(self, account: str) -> None:
        """Give the access back; gone already is fine. Raises StripeUnavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LetGo:
    """Doing it twice is harmless. `oauth` is None where there is no Connect."""

    check: KeyCheck
    oauth: GivesBack | None
    credentials: Credentials
    open_uow: OpenConnectingWork
    clock: Callable[[], datetime]

    async def __call__(self, ref: ChoreRef) -> None:
        """Raises StripeUnavailable."""
        async with self.open_uow(ref.merchant_id) as uow:
            known = [each for each in await uow.connections.all() if each.account == ref.account]
        for connection in known:
            await self._in_stripe(connection)
        if known:
            await self._here(ref)

    async def _in_stripe(self, it: Connection) -> None:
        if it.access is Access.CONNECT and self.oauth is not None:
            await self.oauth.deauthorize(it.account)
        if it.access is Access.KEY and it.endpoint_stripe_id is not None:
            credential = await self.credentials.of(it.account)
            if credential.key is not None:
                await self.check.drop_endpoint(credential.key, it.endpoint_stripe_id)

    async def _here(self, ref: ChoreRef) -> None:
        now = self.clock()
        async with self.open_uow(ref.merchant_id) as uow:
            await uow.connections.let_go(ref.account, now)
            await uow.audit.add(
                AuditEntry(
                    at=now,
                    actor="worker",
                    action="let_go",
                    subject=f"account:{ref.account}",
                    before={},
                    after={},
                )
            )
            await account_left(uow, ref.account, "worker", now)
