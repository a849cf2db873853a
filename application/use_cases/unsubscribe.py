"""Unsubscribe: whoever has a letter says that no more of these are to come; and takes it back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from application.ports.renewals import Renewals
from application.ports.stores import AuditEntry, CardLink, LinkTarget
from application.ports.suppressions import Suppression, SuppressionStore, hash_of
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from domain.recovery.case import replay

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """By the link of a letter, which is the key to this one address and to no other. What is owed
    stays owed, and the way to pay it stays open."""

    open_uow: OpenUnitOfWork
    renewals: Renewals
    clock: Callable[[], datetime]

    async def is_silent(self, target: LinkTarget | CardLink) -> bool | None:
        """Whether nobody writes to this person any more; None if no address of theirs is known.
        Changes nothing. Raises Unavailable."""
        address_hash = await self._address(target)
        if address_hash is None:
            return None
        async with self.open_uow(target.merchant_id) as uow:
            return await uow.suppressions.reason(address_hash) is not None

    async def stop(self, target: LinkTarget | CardLink) -> None:
        """No more letters, over all that they owe this merchant. Raises Unavailable."""
        await self._write(
            target,
            "unsubscribe",
            lambda held, address_hash: held.add(
                address_hash, Suppression.UNSUBSCRIBED, self.clock()
            ),
        )

    async def again(self, target: LinkTarget | CardLink) -> None:
        """They may be written to again, if it was they who did not want it. Raises Unavailable."""
        await self._write(
            target,
            "subscribe_again",
            lambda held, address_hash: held.lift(
                address_hash, Suppression.UNSUBSCRIBED, self.clock()
            ),
        )

    async def _write(
        self,
        target: LinkTarget | CardLink,
        action: str,
        change: Callable[[SuppressionStore, bytes], Awaitable[bool]],
    ) -> None:
        address_hash = await self._address(target)
        if address_hash is None:
            return
        async with self.open_uow(target.merchant_id) as uow:
            if await change(uow.suppressions, address_hash):
                await uow.audit.add(_entry(target, action, self.clock()))

    async def _address(self, target: LinkTarget | CardLink) -> bytes | None:
        if isinstance(target, CardLink):
            renewal = await self.renewals.of_subscription(target.account, target.subscription_id)
            email = renewal.customer.email if renewal is not None else None
        else:
            async with self.open_uow(target.merchant_id) as uow:
                email = await _written_to(uow, target)
        return hash_of(email) if email else None


async def _written_to(uow: UnitOfWork, target: LinkTarget) -> str | None:
    case = replay(await uow.cases.load(target.case_id))
    if case.customer_id is None:
        return None
    customer = await uow.customers.find(case.account, case.customer_id)
    return customer.email if customer is not None else None


def _entry(target: LinkTarget | CardLink, action: str, at: datetime) -> AuditEntry:
    if isinstance(target, LinkTarget):
        subject = f"case:{target.case_id}"
    else:
        subject = f"subscription:{target.subscription_id}"
    return AuditEntry(at=at, actor=CUSTOMER, action=action, subject=subject, before={}, after={})
