"""Cases that have ended, a batch at a time in the order of their keys."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from adapters.postgres.json_columns import event_of
from adapters.postgres.unit_of_work import bound
from application.ports.history import EndedCase
from domain.backtest.past import HEARD

MOST_ENDED: Final = 1000
TAGS: Final = [str(kind.__struct_config__.tag) for kind in HEARD]
ENDED: Final = """
with ended as (
    select case_id from recovery_cases
    where merchant_id = $1 and closed_at is not null and ($2::uuid is null or case_id > $2)
    order by case_id limit $3
)
select case_id, array_agg(body order by version) as bodies
from case_events join ended using (case_id)
where merchant_id = $1 and type = any($4::text[])
group by case_id order by case_id
"""


class PostgresHistory:
    """Of one merchant at a time, under row-level security."""

    def __init__(self, app_pool: Any) -> None:
        self._pool = app_pool

    async def ended(self, merchant_id: UUID, after: UUID | None, limit: int) -> Sequence[EndedCase]:
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(ENDED, merchant_id, after, min(limit, MOST_ENDED), TAGS)
        return [
            EndedCase(row["case_id"], tuple(event_of(body) for body in row["bodies"]))
            for row in rows
        ]
