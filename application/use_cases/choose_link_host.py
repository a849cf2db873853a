"""A merchant's own host name for customers' links: choose it, look whether it is proven, give it
up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from application.errors import Unavailable
from application.ports.link_hosts import HostAnswers, HostProbe, HostTaken
from application.ports.sending import Names
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from domain.link_host import Found, LinkHost, host_of, judged, taken
from domain.records import unanswered

CHECKER: Final = "link_host"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseLinkHost:
    """`own_host` is the installation's, to which merchants' names must lead."""

    open_uow: OpenUnitOfWork
    names: Names
    probe: HostProbe
    answers: HostAnswers
    new_proof: Callable[[], str]
    clock: Callable[[], datetime]
    own_host: str

    async def read(self, merchant_id: UUID) -> LinkHost | None:
        """None if none was chosen."""
        async with self.open_uow(merchant_id) as uow:
            return await uow.link_host.read()

    async def choose(self, merchant_id: UUID, name: str, actor: str) -> None:
        """Use this host once it is proven; the one that is in use already stays as it is, and
        another one takes its place at once. Raises HostUnfit."""
        host, now = host_of(name, self.own_host), self.clock()
        async with self.open_uow(merchant_id) as uow:
            before = await uow.link_host.read()
            if before is not None and before.host == host:
                return
            it = LinkHost(host=host, proof=self.new_proof())
            await uow.link_host.choose(it, now)
            await uow.audit.add(_entry("choose_link_host", before, it, actor, now))

    async def remove(self, merchant_id: UUID, actor: str) -> None:
        """Links lead to the installation's own host again."""
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            before = await uow.link_host.read()
            if before is not None:
                await uow.link_host.remove()
                await uow.audit.add(_entry("remove_link_host", before, None, actor, now))

    async def check(self, merchant_id: UUID) -> LinkHost | None:
        """Look whether it is proven; what follows is kept and, where links change, told in the
        audit log. None if there is nothing to look at."""
        it = await self.read(merchant_id)
        if it is None:
            return None
        try:
            what = await self._looked_for(it)
        except Unavailable:
            what = None
        now = self.clock()
        async with self.open_uow(merchant_id) as uow:
            before = await uow.link_host.read()
            if before is None or before.proof != it.proof:
                return before  # somebody chose anew meanwhile
            after = unanswered(before, now) if what is None else judged(before, what, now)
            after = await _kept(uow, before, after)
            await _tell(uow, before, after, now)
        return after

    async def _looked_for(self, it: LinkHost) -> Found:
        """The host is asked only when the record stands: nobody can have us knock at doors of
        others."""
        texts = await self.names.texts(it.record_name)
        if it.record_value not in {text.strip() for text in texts}:
            return Found(texts=texts)
        said = await self.probe.ask(it.host)
        is_ours = None if said is None else said in self.answers.known(it.host)
        return Found(texts=texts, is_ours=is_ours)


async def _kept(uow: UnitOfWork, before: LinkHost, after: LinkHost) -> LinkHost:
    try:
        await uow.link_host.looked(after)
    except HostTaken:
        after = taken(before, after)
        await uow.link_host.looked(after)
    return after


async def _tell(uow: UnitOfWork, before: LinkHost, after: LinkHost, now: datetime) -> None:
    if before.stands == after.stands:
        return
    action = "link_host_stands" if after.stands else "link_host_lost"
    await uow.audit.add(_entry(action, before, after, CHECKER, now))
    (_log.info if after.stands else _log.warning)(action, host=after.host)


def _entry(
    action: str, before: LinkHost | None, after: LinkHost | None, actor: str, at: datetime
) -> AuditEntry:
    host = after or before
    assert host is not None
    return AuditEntry(
        at=at,
        actor=actor,
        action=action,
        subject=f"host:{host.host}",
        before=_told(before),
        after=_told(after),
    )


def _told(it: LinkHost | None) -> dict[str, str | int | None]:
    if it is None:
        return {}
    return {"host": it.host, "record": it.record.value, "page": it.page.value}
