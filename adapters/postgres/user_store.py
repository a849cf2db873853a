"""People of the merchants' teams."""

from typing import Any
from uuid import UUID

from adapters.postgres.pools import acquired
from adapters.postgres.tables import Memberships, Users, fetch
from application.ports.accounts import UserRecord


class PostgresUserStore:
    """Reads with the system's role: a person may work for several merchants."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool

    async def find(self, email: str) -> UserRecord | None:
        query = Users.select(Users.user_id, Users.email, Users.password_hash).where(
            Users.email == email.lower()
        )
        async with acquired(self._pool) as connection:
            rows = await fetch(connection, query)
        return UserRecord(**rows[0]) if rows else None

    async def merchants_of(self, user_id: UUID) -> tuple[UUID, ...]:
        query = (
            Memberships.select(Memberships.merchant_id)
            .where(Memberships.user_id == user_id)
            .order_by(Memberships.joined_at, Memberships.merchant_id)
        )
        async with acquired(self._pool) as connection:
            rows = await fetch(connection, query)
        return tuple(row["merchant_id"] for row in rows)
