"""Sessions. Wall time, on the database's own clock: a rehearsed clock signs nobody out."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from adapters.postgres.pools import acquired
from adapters.postgres.tables import Sessions, fetch
from application.ports.accounts import MOST_TASKS, Principal

# A visit is noted once a minute, not at every request: a commit is dearer than a read.
READ: Final = """
with visit as (
    update sessions set seen_at = clock_timestamp()
    where id_hash = $1 and seen_at > clock_timestamp() - $2::interval and
        seen_at < clock_timestamp() - least($2::interval / 10, interval '1 minute')
)
select u.user_id, u.email, m.merchant_id, m.name as merchant_name, m.timezone, p.role,
    exists (
        select from stripe_accounts a
        where a.merchant_id = m.merchant_id and a.refused_at is not null
    ) as locked_out,
    exists (
        select from sending_domains d
        where d.merchant_id = m.merchant_id and d.lost_at is not null
    ) as sender_lost,
    (
        select count(*)::integer from (
            select from tasks t where t.merchant_id = m.merchant_id and t.done_at is null limit $4
        ) open
    ) as open_tasks
from sessions s
join users u using (user_id)
join memberships p using (merchant_id, user_id)
join merchants m using (merchant_id)
where s.id_hash = $1 and s.seen_at > clock_timestamp() - $2::interval
    and s.created_at > clock_timestamp() - $3::interval
"""


class PostgresSessionStore:
    """Server-side sessions."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool

    async def create(self, id_hash: bytes, user_id: UUID, merchant_id: UUID) -> None:
        row = Sessions(id_hash=id_hash, user_id=user_id, merchant_id=merchant_id)
        async with acquired(self._pool) as connection:
            await fetch(connection, Sessions.insert(row))

    async def read(
        self, id_hash: bytes, *, idle: timedelta, absolute: timedelta
    ) -> Principal | None:
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(READ, id_hash, idle, absolute, MOST_TASKS)
        return Principal(**row) if row else None

    async def end(self, id_hash: bytes) -> None:
        query = Sessions.delete().where(Sessions.id_hash == id_hash)
        async with acquired(self._pool) as connection:
            await fetch(connection, query)
