"""What each change of a case was decided on; Postgres refuses to change it later."""

from typing import Any, Final
from uuid import UUID

from adapters.postgres.json_columns import as_json, decision_of
from domain.recovery.explain import Decision

ADD: Final = """
insert into case_decisions (merchant_id, case_id, version, at, policy_version, knowledge_version,
    body)
values ($1, $2, $3, $4, $5, $6, $7)
"""
OF_CASE: Final = """
select body from case_decisions where merchant_id = $1 and case_id = $2 order by version
"""


class PostgresDecisionLog:
    """Decisions of one merchant's cases, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def add(self, case_id: UUID, decision: Decision) -> None:
        await self._connection.execute(
            ADD,
            self._merchant_id,
            case_id,
            decision.version,
            decision.at,
            decision.policy_version,
            decision.knowledge_version,
            as_json(decision),
        )

    async def of_case(self, case_id: UUID) -> tuple[Decision, ...]:
        rows = await self._connection.fetch(OF_CASE, self._merchant_id, case_id)
        return tuple(decision_of(row["body"]) for row in rows)
