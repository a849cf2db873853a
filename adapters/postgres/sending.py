"""Sending domains: one merchant's in its transaction, and what the sender of letters needs of all.

The app's role writes what is sealed and cannot read it; the system's reads it.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog

from adapters.postgres.pools import acquired
from adapters.postgres.remembered import Remembered
from application.ports.sealing import CannotOpen, Place, Sealing
from application.ports.sending import Identity, NewKey
from domain.records import State
from domain.sending import DkimKey, SendingDomain

PRIVATE: Final = "private_sealed"
READ: Final = """
select domain, local_part, dkim, dmarc, tried_at, checked_at, verified_at, lost_at
from sending_domains where merchant_id = $1
"""
KEYS: Final = """
select selector, public_key, made_at, found from sending_keys
where merchant_id = $1 order by made_at, selector
"""
REMOVE: Final = "delete from sending_domains where merchant_id = $1"
CHOOSE: Final = """
insert into sending_domains (merchant_id, domain, local_part, chosen_at) values ($1, $2, $3, $4)
"""
RENAME: Final = """
update sending_domains set local_part = $3 where merchant_id = $1 and domain = $2
"""
DROP_KEY: Final = "delete from sending_keys where merchant_id = $1 and selector = $2"
ADD_KEY: Final = """
insert into sending_keys (merchant_id, selector, public_key, private_sealed, made_at)
values ($1, $2, $3, $4, $5)
"""
LOOKED: Final = """
update sending_domains set dkim = $2, dmarc = $3, tried_at = $4, checked_at = $5, verified_at = $6,
    lost_at = $7
where merchant_id = $1
"""
FOUND: Final = """
update sending_keys set found = (selector = any($2)) where merchant_id = $1
"""
IDENTITY: Final = """
select d.domain, d.local_part, k.selector, k.private_sealed
from sending_domains d join sending_keys k on k.merchant_id = d.merchant_id
where d.merchant_id = $1 and d.verified_at is not null and d.lost_at is null and k.found
order by k.made_at desc limit 1
"""
DUE: Final = """
select merchant_id from sending_domains
where tried_at is null or tried_at <= $1::timestamptz - case
    when verified_at is not null and lost_at is null then interval '24 hours'
    else interval '1 hour' end
order by tried_at nulls first limit $2
"""

_log = structlog.get_logger()


def place_of(merchant_id: UUID, selector: str) -> Place:
    """Where a merchant's key is stored."""
    return Place(merchant_id, f"sending_keys.{PRIVATE}", selector)


class PostgresSendingStore:
    """That of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID, box: Sealing) -> None:
        self._connection = connection
        self._merchant_id = merchant_id
        self._box = box

    async def read(self) -> SendingDomain | None:
        row = await self._connection.fetchrow(READ, self._merchant_id)
        if row is None:
            return None
        keys = await self._connection.fetch(KEYS, self._merchant_id)
        states = {"dkim": State(row["dkim"]), "dmarc": State(row["dmarc"])}
        return SendingDomain(**{**row, **states}, keys=tuple(DkimKey(**key) for key in keys))

    async def choose(self, it: SendingDomain, key: NewKey, at: datetime) -> None:
        mine = (self._merchant_id, it.domain, it.local_part)
        if await self._connection.execute(RENAME, *mine) == "UPDATE 1":
            return
        await self.remove()
        await self._connection.execute(CHOOSE, *mine, at)
        await self.add_key(key)

    async def add_key(self, key: NewKey) -> None:
        public = key.public
        sealed = self._box.seal(place_of(self._merchant_id, public.selector), key.private_pem)
        await self._connection.execute(DROP_KEY, self._merchant_id, public.selector)
        await self._connection.execute(
            ADD_KEY, self._merchant_id, public.selector, public.public_key, sealed, public.made_at
        )

    async def looked(self, it: SendingDomain) -> None:
        await self._connection.execute(
            LOOKED,
            self._merchant_id,
            it.dkim.value,
            it.dmarc.value,
            it.tried_at,
            it.checked_at,
            it.verified_at,
            it.lost_at,
        )
        found = [key.selector for key in it.keys if key.found]
        await self._connection.execute(FOUND, self._merchant_id, found)

    async def remove(self) -> None:
        await self._connection.execute(REMOVE, self._merchant_id)


class PostgresIdentities:
    """The Identities port; what is known is half a minute old at most."""

    def __init__(
        self, system_pool: Any, box: Sealing, known: Remembered[UUID, Identity | None] | None = None
    ) -> None:
        self._pool, self._box = system_pool, box
        self._known = known or Remembered[UUID, Identity | None]()

    async def of(self, merchant_id: UUID) -> Identity | None:
        known = self._known.get(merchant_id)
        if known is not None:
            return known[0]
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(IDENTITY, merchant_id)
        return self._known.put(merchant_id, row and self._opened(merchant_id, row))

    def _opened(self, merchant_id: UUID, row: Any) -> Identity | None:
        """A key that will not open signs nothing: better from the installation than not at all."""
        place = place_of(merchant_id, row["selector"])
        try:
            private = self._box.open(place, row["private_sealed"])
        except CannotOpen as why:
            _log.error("sending_key_closed", merchant_id=merchant_id, reason=str(why))
            return None
        return Identity(
            address=f"{row['local_part']}@{row['domain']}",
            domain=row["domain"],
            selector=row["selector"],
            private_pem=private,
        )


class PostgresSendingChecks:
    """The SendingChecks port, by the system's role."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool

    async def due(self, now: datetime, limit: int) -> tuple[UUID, ...]:
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(DUE, now, limit)
        return tuple(row["merchant_id"] for row in rows)
