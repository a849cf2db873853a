"""Who did what: append-only, and Postgres itself refuses anything else."""

from typing import Any
from uuid import UUID

from adapters.postgres.json_columns import as_json
from adapters.postgres.tables import AuditLog, fetch
from application.ports.stores import AuditEntry


class PostgresAuditLog:
    """The audit log of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def add(self, entry: AuditEntry) -> None:
        row = AuditLog(
            merchant_id=self._merchant_id,
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            before=as_json(entry.before),
            after=as_json(entry.after),
        )
        await fetch(self._connection, AuditLog.insert(row))
