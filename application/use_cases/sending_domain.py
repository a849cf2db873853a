"""A merchant's own sending domain: choose it, check its records, change its key, give it up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from application.errors import NotFound, Unavailable
from application.ports.sending import Names, NewKey
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from domain.records import unanswered
from domain.sending import Records, SendingDomain, address_of, dmarc_places, judged, next_selector

CHECKER: Final = "sending"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingDomains:
    """Letters come from the merchant's own address while its records say that they may."""

    open_uow: OpenUnitOfWork
    names: Names
    clock: Callable[[], datetime]

    async def read(self, merchant_id: UUID) -> SendingDomain | None:
        """None if none was chosen."""
        async with self.open_uow(merchant_id) as uow:
            return await uow.sending.read()

    async def choose(self, merchant_id: UUID, key: NewKey, address: str, actor: str) -> None:
        """From now on its records are looked for. The same domain keeps its key and its standing.
        Raises AddressUnfit, CannotSeal."""
        local, domain = address_of(address)
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            before = await uow.sending.read()
            it = SendingDomain(domain=domain, local_part=local)
            await uow.sending.choose(it, key, now)
            await uow.audit.add(_entry("choose_sending_domain", before, it, actor, now))

    async def rotate(self, merchant_id: UUID, key: NewKey, actor: str) -> None:
        """A second key beside the first, which signs until the record of the new one is there.
        Raises NotFound, CannotSeal."""
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            before = await uow.sending.read()
            if before is None:
                raise NotFound("sending domain")
            await uow.sending.add_key(key)
            await uow.audit.add(_entry("rotate_sending_key", before, before, actor, now))

    async def remove(self, merchant_id: UUID, actor: str) -> None:
        """Letters come from the installation again."""
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            before = await uow.sending.read()
            if before is not None:
                await uow.sending.remove()
                await uow.audit.add(_entry("remove_sending_domain", before, None, actor, now))

    async def next_selector(self, merchant_id: UUID) -> str:
        """The selector that the next key gets."""
        it = await self.read(merchant_id)
        return next_selector(it.keys if it else ())

    async def check(self, merchant_id: UUID) -> SendingDomain | None:
        """Look at the records; what follows is kept and, where letters change their sender, told in
        the audit log. None if there is nothing to look at."""
        it = await self.read(merchant_id)
        if it is None:
            return None
        try:
            records = await self._records(it)
        except Unavailable:
            records = None
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            before = await uow.sending.read()
            if before is None or (before.domain, before.keys) != (it.domain, it.keys):
                return before  # somebody chose anew meanwhile
            after = unanswered(before, now) if records is None else judged(before, records, now)
            await uow.sending.looked(after)
            await self._tell(uow, before, after, now)
        return after

    async def _records(self, it: SendingDomain) -> Records:
        dkim = {
            key.selector: await self.names.texts(f"{key.selector}._domainkey.{it.domain}")
            for key in it.keys
        }
        for place in dmarc_places(it.domain):
            if texts := await self.names.texts(place):
                return Records(dkim=dkim, dmarc=texts)
        return Records(dkim=dkim)

    async def _tell(
        self, uow: UnitOfWork, before: SendingDomain, after: SendingDomain, now: datetime
    ) -> None:
        if before.stands == after.stands:
            return
        action = "sending_domain_stands" if after.stands else "sending_domain_lost"
        await uow.audit.add(_entry(action, before, after, CHECKER, now))
        (_log.info if after.stands else _log.warning)(action, domain=after.domain)


def _entry(
    action: str,
    before: SendingDomain | None,
    after: SendingDomain | None,
    actor: str,
    at: datetime,
) -> AuditEntry:
    domain = after or before
    assert domain is not None
    return AuditEntry(
        at=at,
        actor=actor,
        action=action,
        subject=f"domain:{domain.domain}",
        before=_told(before),
        after=_told(after),
    )


def _told(it: SendingDomain | None) -> dict[str, str | int | None]:
    """No address: it may be a person's."""
    if it is None:
        return {}
    return {"domain": it.domain, "dkim": it.dkim.value, "dmarc": it.dmarc.value}
