"""AskFreshLink: somebody whose link has expired asks for another; it goes to the address on file.

Nothing is said to them of whether the link ever was one: whoever asks hears the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from application.ports.chores import ChoreKind
from application.ports.link_requests import LinkRequest
from application.ports.registry import Registry
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import OpenUnitOfWork
from domain.recovery.case import replay


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFreshLink:
    """Keeps the request and wakes the chore that answers it."""

    registry: Registry
    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]

    async def __call__(self, token_hash: bytes) -> None:
        """Does nothing for a link that never was one, and for the second request of a day."""
        link = await self.registry.old_link(token_hash)
        if link is None:
            return
        now = self.clock()
        async with self.open_uow(link.merchant_id) as uow:
            account = replay(await uow.cases.load(link.case_id)).account
            request = LinkRequest(case_id=link.case_id, account=account, asked_at=now)
            if not await uow.link_requests.ask(request):
                return
            await uow.chores.put(account, ChoreKind.FRESH_LINKS, now)
            await uow.audit.add(
                AuditEntry(
                    at=now,
                    actor="customer",
                    action="ask_fresh_link",
                    subject=f"case:{link.case_id}",
                    before={},
                    after={},
                )
            )
