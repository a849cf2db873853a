"""Addresses that letters do not go to."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from application.ports.suppressions import Suppression

ADD: Final = """
insert into suppressions (merchant_id, address_hash, reason, at) values ($1, $2, $3, $4)
on conflict (merchant_id, address_hash) do update set
    reason = excluded.reason, at = excluded.at, lifted_at = null
where suppressions.lifted_at is not null
    or array_position(array['bounced', 'unsubscribed', 'complained'], excluded.reason)
        > array_position(array['bounced', 'unsubscribed', 'complained'], suppressions.reason)
"""
LIFT: Final = """
update suppressions set lifted_at = $4
where merchant_id = $1 and address_hash = $2 and reason = $3 and lifted_at is null
"""
REASON: Final = """
select reason from suppressions
where merchant_id = $1 and address_hash = $2 and lifted_at is null
"""


class PostgresSuppressionStore:
    """Those of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def add(self, address_hash: bytes, reason: Suppression, at: datetime) -> bool:
        given = (self._merchant_id, address_hash, reason.value, at)
        return bool(await self._connection.execute(ADD, *given) == "INSERT 0 1")

    async def lift(self, address_hash: bytes, reason: Suppression, at: datetime) -> bool:
        given = (self._merchant_id, address_hash, reason.value, at)
        return bool(await self._connection.execute(LIFT, *given) == "UPDATE 1")

    async def reason(self, address_hash: bytes) -> Suppression | None:
        found = await self._connection.fetchval(REASON, self._merchant_id, address_hash)
        return Suppression(found) if found else None
