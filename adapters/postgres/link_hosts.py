"""Hosts for customers' links: one merchant's in its transaction, and what is asked of all."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import UniqueViolationError

from adapters.postgres.pools import acquired
from adapters.postgres.remembered import FRESH_S, Remembered
from application.ports.link_hosts import HostTaken
from domain.link_host import LinkHost
from domain.records import State

READ: Final = """
select host, proof, record, page, taken, tried_at, checked_at, verified_at, lost_at
from link_hosts where merchant_id = $1
"""
REMOVE: Final = "delete from link_hosts where merchant_id = $1"
CHOOSE: Final = """
insert into link_hosts (merchant_id, host, proof, chosen_at) values ($1, $2, $3, $4)
"""
LOOKED: Final = """
update link_hosts set record = $2, page = $3, taken = $4, tried_at = $5, checked_at = $6,
    verified_at = $7, lost_at = $8
where merchant_id = $1
"""
OF: Final = """
select host from link_hosts
where merchant_id = $1 and verified_at is not null and lost_at is null
"""
OWNER: Final = """
select merchant_id from link_hosts where host = $1 and verified_at is not null
order by lost_at desc nulls first limit 1
"""
IS_PROVEN: Final = """
select exists (select from link_hosts where host = $1 and record = 'right')
"""
DUE: Final = """
select merchant_id from link_hosts
where tried_at is null or tried_at <= $1::timestamptz - case
    when verified_at is not null and lost_at is null then interval '24 hours'
    else interval '1 hour' end
order by tried_at nulls first limit $2
"""


class PostgresLinkHostStore:
    """That of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def read(self) -> LinkHost | None:
        row = await self._connection.fetchrow(READ, self._merchant_id)
        if row is None:
            return None
        states = {"record": State(row["record"]), "page": State(row["page"])}
        return LinkHost(**{**row, **states})

    async def choose(self, it: LinkHost, at: datetime) -> None:
        await self.remove()
        await self._connection.execute(CHOOSE, self._merchant_id, it.host, it.proof, at)

    async def looked(self, it: LinkHost) -> None:
        row = (it.record.value, it.page.value, it.taken, it.tried_at, it.checked_at)
        try:
            async with self._connection.transaction():  # a savepoint: the rest goes on
                await self._connection.execute(
                    LOOKED, self._merchant_id, *row, it.verified_at, it.lost_at
                )
        except UniqueViolationError:
            raise HostTaken(it.host) from None

    async def remove(self) -> None:
        await self._connection.execute(REMOVE, self._merchant_id)


class PostgresLinkHosts:
    """The LinkHosts port, by the system's role; what is known is half a minute old at most."""

    def __init__(self, system_pool: Any, fresh_s: float = FRESH_S) -> None:
        self._pool = system_pool
        self._hosts = Remembered[UUID, str | None](fresh_s)
        self._owners = Remembered[str, UUID | None](fresh_s)

    async def of(self, merchant_id: UUID) -> str | None:
        known = self._hosts.get(merchant_id)
        return known[0] if known else self._hosts.put(merchant_id, await self._ask(OF, merchant_id))

    async def owner(self, host: str) -> UUID | None:
        known = self._owners.get(host)
        return known[0] if known else self._owners.put(host, await self._ask(OWNER, host))

    async def is_proven(self, host: str) -> bool:
        return bool(await self._ask(IS_PROVEN, host))

    async def _ask(self, query: str, value: object) -> Any:
        async with acquired(self._pool) as connection:
            return await connection.fetchval(query, value)


class PostgresLinkHostChecks:
    """The LinkHostChecks port, by the system's role."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool

    async def due(self, now: datetime, limit: int) -> tuple[UUID, ...]:
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(DUE, now, limit)
        return tuple(row["merchant_id"] for row in rows)
