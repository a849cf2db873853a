"""What a merchant's team is to hear: rows that wait, are tried, and are told or given up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from application.ports.team_news import MOST_TRIES, Channel, Notice, Occasion

PUT: Final = """
insert into team_notices (
    merchant_id, notice_id, occasion, channel, user_id, task_id, put_at, next_at
)
values ($1, $2, $3, $4, $5, $6, $7, $7)
on conflict do nothing
"""
# One minute, then twice as long each time: what is counted before it is made needs no lease.
TAKE: Final = """
update team_notices n set tries = tries + 1, next_at = $2 + 2 ^ tries * interval '1 minute'
from (
    select notice_id from team_notices
    where merchant_id = $1 and told_at is null and failed_at is null and next_at <= $2
        and tries < $4
    order by next_at, notice_id limit $3 for update skip locked
) due
where n.merchant_id = $1 and n.notice_id = due.notice_id
returning n.notice_id, n.occasion, n.channel, n.user_id, n.task_id, n.put_at, n.tries
"""
TOLD: Final = """
update team_notices set told_at = $3 where merchant_id = $1 and notice_id = any($2::uuid[])
"""
FAILED: Final = """
update team_notices set failed_at = $3, error = $4
where merchant_id = $1 and notice_id = any($2::uuid[])
"""
NEXT_AT: Final = """
select min(next_at) from team_notices
where merchant_id = $1 and told_at is null and failed_at is null and tries < $2
"""
MOST_ERROR: Final = 500  # characters


class PostgresNewsStore:
    """Those of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def put(self, notice: Notice) -> None:
        await self._connection.execute(
            PUT,
            self._merchant_id,
            notice.notice_id,
            notice.occasion,
            notice.channel,
            notice.user_id,
            notice.task_id,
            notice.put_at,
        )

    async def take(self, now: datetime, limit: int) -> tuple[Notice, ...]:
        rows = await self._connection.fetch(TAKE, self._merchant_id, now, limit, MOST_TRIES)
        taken = map(_notice, rows)
        return tuple(sorted(taken, key=lambda notice: (notice.put_at, notice.notice_id)))

    async def told(self, notice_ids: Sequence[UUID], at: datetime) -> None:
        await self._connection.execute(TOLD, self._merchant_id, list(notice_ids), at)

    async def failed(self, notice_ids: Sequence[UUID], why: str, at: datetime) -> None:
        given = (self._merchant_id, list(notice_ids), at, why[:MOST_ERROR])
        await self._connection.execute(FAILED, *given)

    async def next_at(self) -> datetime | None:
        found = await self._connection.fetchval(NEXT_AT, self._merchant_id, MOST_TRIES)
        assert found is None or isinstance(found, datetime)
        return found


def _notice(row: Any) -> Notice:
    return Notice(
        notice_id=row["notice_id"],
        occasion=Occasion(row["occasion"]),
        channel=Channel(row["channel"]),
        user_id=row["user_id"],
        task_id=row["task_id"],
        put_at=row["put_at"],
        tries=row["tries"],
    )
