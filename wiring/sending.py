"""Sending domains: the page's desk, and the daily look at their records by whoever leads."""

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from adapters.dns.names import DnsNames
from adapters.postgres.sending import PostgresSendingChecks
from adapters.secrets.dkim_keys import new_dkim_key
from application.errors import Unavailable
from application.ports.mail_limits import LastHour
from application.ports.sending import NewKey
from application.use_cases.sending_domain import SendingDomains
from domain.sending import SendingDomain, address_of
from wiring.composition import Ground
from wiring.standing import mail_limits

EVERY_S: Final = 60.0
MOST: Final = 100  # domains a round

_log = structlog.get_logger()


class SendingDesk:
    """What the page about the sender of letters needs."""

    def __init__(self, here: Ground) -> None:
        self._here = here
        self._domains = domains_of(here)
        self.limits = mail_limits(here.settings)
        self.sender = here.settings.mail_reminders_from or here.settings.mail_from

    async def standing(self, merchant_id: UUID) -> tuple[SendingDomain | None, LastHour]:
        """The domain, and what became of the letters of the last hour."""
        async with self._here.open_uow(merchant_id) as uow:
            return await uow.sending.read(), await uow.mail.last_hour(self._here.clock())

    async def choose(self, merchant_id: UUID, address: str, actor: str) -> None:
        """And look at its records at once. Raises AddressUnfit, CannotSeal."""
        address_of(address)  # before a key is made for it
        await self._domains.choose(merchant_id, await self._key(merchant_id), address, actor)
        await self._domains.check(merchant_id)

    async def rotate(self, merchant_id: UUID, actor: str) -> None:
        """Raises NotFound, CannotSeal."""
        await self._domains.rotate(merchant_id, await self._key(merchant_id), actor)

    async def check(self, merchant_id: UUID) -> None:
        await self._domains.check(merchant_id)

    async def remove(self, merchant_id: UUID, actor: str) -> None:
        await self._domains.remove(merchant_id, actor)

    async def _key(self, merchant_id: UUID) -> NewKey:
        selector = await self._domains.next_selector(merchant_id)
        return await asyncio.to_thread(new_dkim_key, selector, self._here.clock())


def domains_of(here: Ground) -> SendingDomains:
    """Over the machine's own resolvers."""
    return SendingDomains(open_uow=here.open_uow, names=DnsNames(), clock=here.clock)


async def keep_looking(here: Ground, leads: Callable[[], bool]) -> None:
    """For ever: the records of whoever's turn it is."""
    domains, checks = domains_of(here), PostgresSendingChecks(here.pools.system)
    while True:
        await asyncio.sleep(EVERY_S)
        if not leads():
            continue
        try:
            for merchant_id in await checks.due(here.clock(), MOST):
                await domains.check(merchant_id)
        except (Unavailable, OSError) as away:
            _log.warning("sending_domains_unseen", error=str(away))
