"""Links that let a customer in without a login."""

from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.postgres.tables import Links, fetch


class PostgresLinkStore:
    """Links of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def keep(
        self,
        token_hash: bytes,
        case_id: UUID,
        expires_at: datetime,
        address_hash: bytes | None = None,
    ) -> None:
        row = Links(
            merchant_id=self._merchant_id,
            token_hash=token_hash,
            case_id=case_id,
            expires_at=expires_at,
            address_hash=address_hash,
        )
        await fetch(self._connection, Links.insert(row))
