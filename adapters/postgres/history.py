"""Cases that have ended, a batch at a time in the order of their keys."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from adapters.postgres.json_columns import history_of
from adapters.postgres.unit_of_work import bound
from application.ports.history import EndedCase
from domain.backtest.past import HEARD

MOST_ENDED: Final = 1000
TAGS: Final = [str(kind.__struct_config__.tag) for kind in HEARD]
# An invoice that we have or had a case of is ours, whatever was imported of it.
ENDED: Final = """
with ours as (
    select case_id from recovery_cases
    where merchant_id = $1 and closed_at is not null and ($2::uuid is null or case_id > $2)
    order by case_id limit $3
), imported as (
    select case_id, body from past_cases p
    where merchant_id = $1 and ($2::uuid is null or case_id > $2) and not exists (
        select from recovery_cases c where c.merchant_id = $1 and c.case_id = p.case_id
    )
    order by case_id limit $3
)
select case_id, jsonb_agg(body order by version)::text as bodies
from case_events join ours using (case_id)
where merchant_id = $1 and type = any($4::text[])
group by case_id
union all
select case_id, body::text from imported
order by case_id limit $3
"""


class PostgresHistory:
    """Of one merchant at a time, under row-level security."""

    def __init__(self, app_pool: Any) -> None:
        self._pool = app_pool

    async def ended(self, merchant_id: UUID, after: UUID | None, limit: int) -> Sequence[EndedCase]:
        async with bound(self._pool, merchant_id) as connection:
            rows = await connection.fetch(ENDED, merchant_id, after, min(limit, MOST_ENDED), TAGS)
        return [EndedCase(row["case_id"], history_of(row["bodies"])) for row in rows]
