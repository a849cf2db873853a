"""What merchants prove by records, their sending domains and the hosts of their links: the desks of
the pages, and the daily look by whoever leads."""

import asyncio
from collections.abc import Callable
from secrets import token_hex
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from adapters.dns.names import DnsNames
from adapters.hosts.probe import WebHostProbe
from adapters.postgres.link_hosts import PostgresLinkHostChecks
from adapters.postgres.sending import PostgresSendingChecks
from adapters.secrets.dkim_keys import new_dkim_key
from adapters.secrets.host_answers import SignedHostAnswers
from application.errors import Unavailable
from application.ports.mail_limits import LastHour
from application.ports.sending import NewKey
from application.use_cases.choose_link_host import ChooseLinkHost
from application.use_cases.sending_domain import SendingDomains
from domain.sending import SendingDomain, address_of
from wiring.composition import Ground
from wiring.standing import mail_limits

EVERY_S: Final = 60.0
ON_THIS_MACHINE: Final = ("127.0.0.1", "localhost", "::1")
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


def link_host_of(here: Ground) -> ChooseLinkHost:
    """Over the machine's own resolvers, and the web."""
    base_url = here.settings.base_url
    own_host = urlsplit(base_url).hostname or ""
    return ChooseLinkHost(
        open_uow=here.open_uow,
        names=DnsNames(),
        probe=WebHostProbe(base_url, is_local=own_host in ON_THIS_MACHINE),
        answers=SignedHostAnswers(here.settings.secret_keys),
        new_proof=lambda: token_hex(16),
        clock=here.clock,
        own_host=own_host,
    )


async def keep_looking(here: Ground, leads: Callable[[], bool]) -> None:
    """For ever: the records of whoever's turn it is."""
    domains, domain_checks = domains_of(here), PostgresSendingChecks(here.pools.system)
    hosts, host_checks = link_host_of(here), PostgresLinkHostChecks(here.pools.system)
    knows_itself = bool(here.settings.base_url and here.settings.secret_keys)
    while True:
        await asyncio.sleep(EVERY_S)
        if not leads():
            continue
        try:
            for merchant_id in await domain_checks.due(here.clock(), MOST):
                await domains.check(merchant_id)
            for merchant_id in await host_checks.due(here.clock(), MOST) if knows_itself else ():
                await hosts.check(merchant_id)
        except (Unavailable, OSError) as away:
            _log.warning("records_unseen", error=str(away))
