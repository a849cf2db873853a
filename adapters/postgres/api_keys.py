"""API keys: one merchant's in its transaction, and whose a key is across all.

The app's role writes hashes and cannot read them; the system's finds by them.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.pools import acquired
from application.ports.api_keys import MOST_KEYS, ApiKey, KeyHolder, Scope

# Two who add at once wait for one another: the lock is the merchant's, and goes with the commit.
LOCK: Final = "select pg_advisory_xact_lock(hashtextextended('api_keys ' || $1::text, 0))"
ADD: Final = """
insert into api_keys (merchant_id, key_id, key_hash, name, hint, scopes, created_at)
select $1, $2, $3, $4, $5, $6, $7
where (select count(*) from api_keys where merchant_id = $1 and revoked_at is null) < $8
on conflict (merchant_id, key_id) do nothing
"""
REVOKE: Final = """
update api_keys set revoked_at = $3
where merchant_id = $1 and key_id = $2 and revoked_at is null
"""
ALL: Final = """
select key_id, name, hint, scopes, created_at, last_used_at, revoked_at from api_keys
where merchant_id = $1 order by created_at desc, key_id limit $2
"""
# A use is noted once a minute, not at every question: a commit is dearer than a read.
FIND: Final = """
with used as (
    update api_keys set last_used_at = clock_timestamp()
    where key_hash = $1 and revoked_at is null
        and coalesce(last_used_at < clock_timestamp() - interval '1 minute', true)
)
select merchant_id, key_id, scopes from api_keys where key_hash = $1 and revoked_at is null
"""


class PostgresApiKeyStore:
    """Keys of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def add(self, key: ApiKey, key_hash: bytes) -> bool:
        await self._connection.execute(LOCK, str(self._merchant_id))
        row = (key.key_id, key_hash, key.name, key.hint, list(key.scopes), key.created_at)
        done = await self._connection.execute(ADD, self._merchant_id, *row, MOST_KEYS)
        return bool(done == "INSERT 0 1")

    async def revoke(self, key_id: UUID, at: datetime) -> bool:
        done = await self._connection.execute(REVOKE, self._merchant_id, key_id, at)
        return bool(done == "UPDATE 1")

    async def all(self) -> tuple[ApiKey, ...]:
        rows = await self._connection.fetch(ALL, self._merchant_id, 5 * MOST_KEYS)
        return tuple(ApiKey(**{**row, "scopes": tuple(map(Scope, row["scopes"]))}) for row in rows)


class PostgresKeyHolders:
    """Whose a key is, with the system's role; nothing is remembered, so a revoked key opens nothing
    from that commit on."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool

    async def find(self, key_hash: bytes) -> KeyHolder | None:
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(FIND, key_hash)
        if row is None:
            return None
        scopes = frozenset(map(Scope, row["scopes"]))
        return KeyHolder(merchant_id=row["merchant_id"], key_id=row["key_id"], scopes=scopes)
