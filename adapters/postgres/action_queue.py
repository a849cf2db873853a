"""Actions that are due, over all merchants. Leases run on the database's own clock."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from adapters.postgres.claiming import LONGEST_BACK_OFF_S, Watermark
from adapters.postgres.pools import acquired
from application.ports.conveyor import DueAction, ScheduledAction
from application.ports.stores import ActionRef
from domain.recovery.actions import ActionKind

Mark = tuple[datetime, UUID]
HEAD: Final[Mark] = (datetime.min.replace(tzinfo=UTC), UUID(int=0))

# One round trip; no index holds what it writes, so the rows stay on their pages (HOT).
CLAIM: Final = """
update scheduled_actions a set leased_until = clock_timestamp() + $5
from (
    select ctid from scheduled_actions
    where dead_at is null and due_at <= $1 and (due_at, action_id) > ($2, $3)
        and (leased_until is null or leased_until <= clock_timestamp())
    order by due_at, action_id
    limit $4
    for update skip locked
) due
where a.ctid = due.ctid
returning a.merchant_id, a.action_id, a.kind, a.account, a.due_at
"""
LEASE: Final = """
update scheduled_actions a set leased_until = clock_timestamp() + wanted.wait
from unnest($1::uuid[], $2::uuid[], $3::interval[]) as wanted (merchant_id, action_id, wait)
where a.merchant_id = wanted.merchant_id and a.action_id = wanted.action_id
"""
READ: Final = """
select case_id, kind, number, due_at, tries from scheduled_actions
where merchant_id = $1 and action_id = $2 and dead_at is null
"""
FAILED: Final = """
update scheduled_actions set
    tries = tries + 1, error = $3,
    dead_at = case when tries + 1 >= $4 then clock_timestamp() end,
    leased_until = clock_timestamp() + least(2 ^ least(tries, 30), $5) * interval '1 second'
where merchant_id = $1 and action_id = $2 and dead_at is null
returning dead_at is not null as dead
"""


class PostgresActionQueue:
    """One claimer; it remembers where it stopped, so give each loop its own."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool
        self._watermark: Watermark[Mark] = Watermark(HEAD, _mark)

    async def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[DueAction, ...]:
        async def claim(after: Mark, most: int) -> list[Any]:
            async with acquired(self._pool) as connection:
                return list(await connection.fetch(CLAIM, now, *after, most, lease))

        return tuple(_due(row) for row in await self._watermark.claim(limit, claim))

    async def postpone(self, waits: tuple[tuple[ActionRef, timedelta], ...]) -> None:
        await self._lease([ref for ref, _ in waits], [wait for _, wait in waits])

    async def renew(self, refs: tuple[ActionRef, ...], lease: timedelta) -> None:
        await self._lease(list(refs), [lease] * len(refs))

    async def _lease(self, refs: list[ActionRef], waits: list[timedelta]) -> None:
        async with acquired(self._pool) as connection:
            await connection.execute(
                LEASE, [ref.merchant_id for ref in refs], [ref.action_id for ref in refs], waits
            )

    async def read(self, ref: ActionRef) -> ScheduledAction | None:
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(READ, ref.merchant_id, ref.action_id)
        if row is None:
            return None
        return ScheduledAction(
            ref=ref,
            case_id=row["case_id"],
            kind=ActionKind(row["kind"]),
            number=row["number"],
            due_at=row["due_at"],
            tries=row["tries"],
        )

    async def failed(self, ref: ActionRef, error: str, most_tries: int) -> bool:
        async with acquired(self._pool) as connection:
            dead = await connection.fetchval(
                FAILED, ref.merchant_id, ref.action_id, error, most_tries, LONGEST_BACK_OFF_S
            )
        return bool(dead)


def _mark(row: Any) -> Mark:
    return (row["due_at"], row["action_id"])


def _due(row: Any) -> DueAction:
    return DueAction(
        ref=ActionRef(row["merchant_id"], row["action_id"]),
        kind=ActionKind(row["kind"]),
        account=row["account"],
    )
