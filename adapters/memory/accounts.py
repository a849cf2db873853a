"""People and their sessions in memory."""

from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.world import HeldSession, MemoryWorld
from application.ports.accounts import MOST_TASKS, Principal, UserRecord


class MemoryUserStore:
    """Accounts of people."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def find(self, email: str) -> UserRecord | None:
        return self._world.users.get(email.lower())

    async def merchants_of(self, user_id: UUID) -> tuple[UUID, ...]:
        return tuple(merchant_id for merchant_id, member in self._world.roles if member == user_id)


class MemorySessionStore:
    """Server-side sessions, in wall time."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def create(self, id_hash: bytes, user_id: UUID, merchant_id: UUID) -> None:
        now = self._world.wall()
        self._world.sessions[id_hash] = HeldSession(
            user_id=user_id, merchant_id=merchant_id, created_at=now, seen_at=now
        )

    async def read(
        self, id_hash: bytes, *, idle: timedelta, absolute: timedelta
    ) -> Principal | None:
        now, session = self._world.wall(), self._world.sessions.get(id_hash)
        if session is None or session.seen_at <= now - idle or session.created_at <= now - absolute:
            return None
        role = self._world.roles.get((session.merchant_id, session.user_id))
        if role is None:
            return None
        self._world.sessions[id_hash] = replace(session, seen_at=now)
        return self._principal(session, role)

    def _principal(self, session: HeldSession, role: str) -> Principal:
        merchant = self._world.merchants[session.merchant_id]
        by_id = {user.user_id: user for user in self._world.users.values()}
        return Principal(
            user_id=session.user_id,
            email=by_id[session.user_id].email,
            merchant_id=merchant.merchant_id,
            merchant_name=merchant.name,
            timezone=merchant.timezone,
            role=role,
            open_tasks=min(
                MOST_TASKS,
                sum(
                    owner == merchant.merchant_id and task.done_at is None
                    for (owner, _), task in self._world.tasks.items()
                ),
            ),
            locked_out=any(
                held.connection.merchant_id == merchant.merchant_id
                and held.connection.refused_at is not None
                for held in self._world.connections.values()
            ),
            sender_lost=merchant.merchant_id in self._world.sending
            and self._world.sending[merchant.merchant_id].it.lost_at is not None,
        )

    async def end(self, id_hash: bytes) -> None:
        self._world.sessions.pop(id_hash, None)
