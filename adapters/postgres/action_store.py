"""The one next action of each open case, written in the transaction that changed the case."""

import secrets
import time
from typing import Any, Final
from uuid import UUID

from domain.recovery.actions import Action

PUT: Final = """
insert into scheduled_actions (merchant_id, action_id, case_id, account, kind, number, due_at)
select merchant_id, $3, case_id, account, $4, $5, $6
from recovery_cases where merchant_id = $1 and case_id = $2
on conflict (merchant_id, case_id) do update set
    action_id = excluded.action_id, kind = excluded.kind, number = excluded.number,
    due_at = excluded.due_at, leased_until = null, tries = 0, dead_at = null, error = null
"""
REMOVE: Final = "delete from scheduled_actions where merchant_id = $1 and case_id = $2"


def time_ordered_id() -> UUID:
    """A UUID of version 7 (RFC 9562): what was scheduled together lies on neighbouring pages,
    which halves the cost of claiming it."""
    version = 7 << 76 | secrets.randbits(12) << 64
    variant = 2 << 62 | secrets.randbits(62)
    return UUID(int=time.time_ns() // 1_000_000 << 80 | version | variant)


class PostgresActionStore:
    """Next actions of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def put(self, case_id: UUID, action: Action | None) -> None:
        if action is None:
            await self._connection.execute(REMOVE, self._merchant_id, case_id)
            return
        done = await self._connection.execute(
            PUT,
            self._merchant_id,
            case_id,
            time_ordered_id(),
            action.kind,
            action.number,
            action.due_at,
        )
        if done != "INSERT 0 1":
            raise LookupError(f"no case {case_id}")
