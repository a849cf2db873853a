"""CheckPermissions: what a key may do is asked of Stripe anew, weekly and when the account changed.

A merchant may take a permission away, or give one, without a word to us.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from application.account_tasks import follow_permissions
from application.connecting import OpenConnectingWork
from application.ports.chores import Chore, ChoreStep, Progress
from application.ports.stripe_accounts import Credentials, KeyCheck, NoCredential, Permission
from application.ports.unit_of_work import TaskWork

AGAIN_AFTER: Final = timedelta(days=7)
WORKER: Final = "worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPermissions:
    """An account without a key of its own has every permission that it agreed to."""

    check: KeyCheck
    credentials: Credentials
    open_uow: OpenConnectingWork
    clock: Callable[[], datetime]

    async def __call__(self, chore: Chore) -> Chore:
        """Raises StripeUnavailable."""
        missing = await self._missing(chore.ref.account)
        now = self.clock()
        step = ChoreStep(
            at=now,
            cursor=None,
            progress=Progress(done=len(Permission), found=len(missing or ())),
            over=True,
            next_at=None if missing is None else now + AGAIN_AFTER,
        )
        async with self.open_uow(chore.ref.merchant_id) as uow:
            if missing is not None:
                await self._note(uow, chore.ref.account, missing, now)
            return await uow.chores.save(chore, step)

    async def _note(
        self, uow: TaskWork, account: str, missing: tuple[Permission, ...], now: datetime
    ) -> None:
        known = {each.account: each.missing for each in await uow.connections.all()}
        await uow.connections.checked(account, missing, now)
        if account in known:
            await follow_permissions(uow, account, (known[account], missing), WORKER, now)

    async def _missing(self, account: str) -> tuple[Permission, ...] | None:
        """None where there is nothing to ask."""
        try:
            credential = await self.credentials.of(account)
        except NoCredential:
            return None
        return None if credential.key is None else await self.check.missing(credential.key)
