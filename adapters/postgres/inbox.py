"""Events that wait, over all merchants; and the mark that closes one, in its merchant's rows."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from adapters.postgres.claiming import LONGEST_BACK_OFF_S, Watermark
from adapters.postgres.event_body import unpack
from adapters.postgres.pools import acquired
from application.ports.conveyor import WaitingEvent
from application.ports.stores import EventRef

HANDLED: Final = """
update inbox_events set handled_at = clock_timestamp(), error = null
where merchant_id = $1 and account = $2 and event_id = $3 and handled_at is null
"""
SEEN: Final = """
select event_id from inbox_events
where merchant_id = $1 and account = $2 and event_id = any($3::text[])
"""
CLAIM: Final = """
update inbox_events e set leased_until = clock_timestamp() + $3
from (
    select ctid from inbox_events
    where handled_at is null and dead_at is null and seq > $1
        and (leased_until is null or leased_until <= clock_timestamp())
    order by seq
    limit $2
    for update skip locked
) waiting
where e.ctid = waiting.ctid
returning e.merchant_id, e.account, e.event_id, e.seq
"""
RENEW: Final = """
update inbox_events e set leased_until = clock_timestamp() + $4
from unnest($1::uuid[], $2::text[], $3::text[]) as wanted (merchant_id, account, event_id)
where e.merchant_id = wanted.merchant_id and e.account = wanted.account
    and e.event_id = wanted.event_id and e.handled_at is null
"""
READ: Final = """
select e.livemode, b.dictionary, b.body
from inbox_events e join inbox_bodies b
    on b.merchant_id = e.merchant_id and b.seq = e.seq
    and b.arrived_on = (e.received_at at time zone 'UTC')::date
where e.merchant_id = $1 and e.account = $2 and e.event_id = $3
    and e.handled_at is null and e.dead_at is null
"""
FAILED: Final = """
update inbox_events set
    tries = tries + 1, error = $4,
    dead_at = case when tries + 1 >= $5 then clock_timestamp() end,
    leased_until = clock_timestamp() + least(2 ^ least(tries, 30), $6) * interval '1 second'
where merchant_id = $1 and account = $2 and event_id = $3
    and handled_at is null and dead_at is null
returning dead_at is not null as dead
"""


class PostgresInboxMarks:
    """Inbox rows of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def handled(self, event: EventRef) -> bool:
        done = await self._connection.execute(
            HANDLED, self._merchant_id, event.account, event.event_id
        )
        return bool(done == "UPDATE 1")

    async def unseen(self, account: str, event_ids: tuple[str, ...]) -> frozenset[str]:
        rows = await self._connection.fetch(SEEN, self._merchant_id, account, list(event_ids))
        return frozenset(event_ids) - {row["event_id"] for row in rows}


class PostgresInbox:
    """One claimer; it remembers where it stopped, so give each loop its own."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool
        self._watermark: Watermark[int] = Watermark(0, _seq)

    async def claim(self, limit: int, lease: timedelta) -> tuple[EventRef, ...]:
        async def claim(after: int, most: int) -> list[Any]:
            async with acquired(self._pool) as connection:
                return list(await connection.fetch(CLAIM, after, most, lease))

        return tuple(
            EventRef(row["merchant_id"], row["account"], row["event_id"])
            for row in await self._watermark.claim(limit, claim)
        )

    async def renew(self, refs: tuple[EventRef, ...], lease: timedelta) -> None:
        async with acquired(self._pool) as connection:
            await connection.execute(
                RENEW,
                [ref.merchant_id for ref in refs],
                [ref.account for ref in refs],
                [ref.event_id for ref in refs],
                lease,
            )

    async def read(self, ref: EventRef) -> WaitingEvent | None:
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(READ, ref.merchant_id, ref.account, ref.event_id)
        if row is None:
            return None
        raw = unpack(row["dictionary"], row["body"])
        return WaitingEvent(ref=ref, livemode=row["livemode"], raw=raw)

    async def failed(self, ref: EventRef, error: str, most_tries: int) -> bool:
        async with acquired(self._pool) as connection:
            dead = await connection.fetchval(
                FAILED,
                ref.merchant_id,
                ref.account,
                ref.event_id,
                error,
                most_tries,
                LONGEST_BACK_OFF_S,
            )
        return bool(dead)


def _seq(row: Any) -> int:
    return int(row["seq"])
