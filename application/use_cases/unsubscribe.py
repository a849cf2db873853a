"""Unsubscribe: whoever has a letter says that no more of these are to come; and takes it back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from application.ports.stores import AuditEntry, CardLink, LinkTarget
from application.ports.suppressions import Suppression
from application.ports.unit_of_work import OpenUnitOfWork

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """By the link of a letter, which is the key to the address it went to and to no other. What is
    owed stays owed, and the way to pay it stays open."""

    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]

    async def is_silent(self, target: LinkTarget | CardLink) -> bool | None:
        """Whether nobody writes to that address any more; None where it is not known which it was.
        Changes nothing."""
        if target.address_hash is None:
            return None
        async with self.open_uow(target.merchant_id) as uow:
            return await uow.suppressions.reason(target.address_hash) is not None

    async def stop(self, target: LinkTarget | CardLink) -> None:
        """No more letters there, over all that is owed to this merchant."""
        if target.address_hash is None:
            return
        now = self.clock()
        async with self.open_uow(target.merchant_id) as uow:
            reason = Suppression.UNSUBSCRIBED
            if await uow.suppressions.add(target.address_hash, reason, now):
                await uow.audit.add(_entry(target, "unsubscribe", now))

    async def again(self, target: LinkTarget | CardLink) -> None:
        """Letters may go there again, if it was their owner who did not want them."""
        if target.address_hash is None:
            return
        now = self.clock()
        async with self.open_uow(target.merchant_id) as uow:
            reason = Suppression.UNSUBSCRIBED
            if await uow.suppressions.lift(target.address_hash, reason, now):
                await uow.audit.add(_entry(target, "subscribe_again", now))


def _entry(target: LinkTarget | CardLink, action: str, at: datetime) -> AuditEntry:
    if isinstance(target, LinkTarget):
        subject = f"case:{target.case_id}"
    else:
        subject = f"subscription:{target.subscription_id}"
    return AuditEntry(at=at, actor=CUSTOMER, action=action, subject=subject, before={}, after={})
