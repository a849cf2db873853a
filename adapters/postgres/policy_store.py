"""Policies: one immutable version each."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec.structs import replace

from adapters.postgres.audit_log import PostgresAuditLog
from adapters.postgres.json_columns import as_json, policy_of
from adapters.postgres.tables import Policies, fetch
from application.auditing import activation
from application.errors import NotFound
from application.ports.stores import ConcurrentWrite
from domain.policy import Policy

LATEST: Final = "select coalesce(max(version), 0) from policies where merchant_id = $1"
ACTIVATE: Final = """
insert into policies (merchant_id, version, body, activated_at) values ($1, $2, $3, $4)
"""


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

    async def activate(self, policy: Policy, actor: str, at: datetime) -> int:
        """Also raises ConcurrentWrite if somebody else activates one this very moment."""
        before = int(await self._connection.fetchval(LATEST, self._merchant_id))
        new = replace(policy, version=before + 1)
        body = as_json(new)
        try:
            await self._connection.execute(ACTIVATE, self._merchant_id, new.version, body, at)
        except asyncpg.UniqueViolationError as error:
            raise ConcurrentWrite from error
        log = PostgresAuditLog(self._connection, self._merchant_id)
        await log.add(activation(before, new, actor, at))
        return new.version

    def _of_merchant(self) -> Any:
        return Policies.select(Policies.body).where(Policies.merchant_id == self._merchant_id)

    def _one(self, rows: list[dict[str, Any]]) -> Policy:
        if not rows:
            raise NotFound("policy")
        return policy_of(rows[0]["body"])
