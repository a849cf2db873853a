"""Policies: one immutable version each."""

from typing import Any
from uuid import UUID

from adapters.postgres.json_columns import policy_of
from adapters.postgres.tables import Policies, fetch
from application.errors import NotFound
from domain.policy import Policy


class PostgresPolicyStore:
    """Policies of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def active(self) -> Policy:
        latest = self._of_merchant().order_by(Policies.version, ascending=False).limit(1)
        return self._one(await fetch(self._connection, latest))

    async def version(self, version: int) -> Policy:
        exact = self._of_merchant().where(Policies.version == version)
        return self._one(await fetch(self._connection, exact))

    def _of_merchant(self) -> Any:
        return Policies.select(Policies.body).where(Policies.merchant_id == self._merchant_id)

    def _one(self, rows: list[dict[str, Any]]) -> Policy:
        if not rows:
            raise NotFound("policy")
        return policy_of(rows[0]["body"])
