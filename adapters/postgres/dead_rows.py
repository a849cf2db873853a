"""Rows that failed too often: they wait to be seen, and to be played again."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from adapters.postgres.pools import acquired

MOST_SHOWN: Final = 200
SHOW: Final = """
select 'event' as kind, event_id as id, merchant_id, dead_at, tries, error
from inbox_events where dead_at is not null
union all
select 'action', action_id::text, merchant_id, dead_at, tries, error
from scheduled_actions where dead_at is not null
order by dead_at desc limit $1
"""
REPLAY: Final = {
    "event": """
update inbox_events set dead_at = null, leased_until = null, tries = 0, error = null
where dead_at is not null and ($1::text is null or event_id = $1)
""",
    "action": """
update scheduled_actions set dead_at = null, leased_until = null, tries = 0, error = null
where dead_at is not null and ($1::text is null or action_id = $1::uuid)
""",
}


class DeadRow(Struct, frozen=True, kw_only=True):
    """An event or an action that failed too often; `error` is the last one."""

    kind: str  # "event" or "action"
    id: str
    merchant_id: UUID
    dead_at: datetime
    tries: int
    error: str


class DeadRows:
    """For the operator, over all merchants."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool

    async def show(self) -> tuple[DeadRow, ...]:
        """The latest first, at most 200."""
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(SHOW, MOST_SHOWN)
        return tuple(DeadRow(**row) for row in rows)

    async def replay(self, kind: str, row_id: str | None) -> int:
        """Give one row (None: all of the kind) its tries back; how many that were."""
        async with acquired(self._pool) as connection:
            done = await connection.execute(REPLAY[kind], row_id)
        return int(done.split()[-1])
