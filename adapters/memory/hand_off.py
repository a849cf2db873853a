"""How a merchant hands over to people, in memory."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldHandOff, MemoryWorld
from application.ports.hand_off import HandOffStanding, Member, SlackStanding
from domain.tasks import TO_BEGIN_WITH, HandOff

MOST_MEMBERS: Final = 200
UNKNOWN_ZONE: Final = "UTC"  # of a merchant of whom nothing but an id is known: in tests alone


class MemoryHandOffStore(MemoryStore):
    """That of one merchant."""

    async def read(self) -> HandOffStanding:
        held, merchant = self._held(), self.world.merchants.get(self.merchant_id)
        hearers = [
            user
            for (owner, user), hears in self.world.hearers.items()
            if owner == self.merchant_id and hears and (owner, user) in self.world.roles
        ]
        return HandOffStanding(
            rules=held.rules or TO_BEGIN_WITH,
            timezone=merchant.timezone if merchant else UNKNOWN_ZONE,
            slack=SlackStanding(since=held.slack_since, gone_at=held.slack_gone_at),
            hearers=tuple(hearers),
        )

    async def keep(self, rules: HandOff, at: datetime) -> None:  # noqa: ARG002
        self._change(rules=rules)

    async def hear(self, user_id: UUID, *, hears: bool) -> bool:
        key = (self.merchant_id, user_id)
        if key not in self.world.roles:
            return False
        self.journal.put(self.world.hearers, key, hears)
        return True

    async def slack(self, path: str | None, at: datetime) -> None:
        since = None if path is None else at
        self._change(slack=path, slack_since=since, slack_gone_at=None)

    async def slack_gone(self, at: datetime) -> None:
        if self.merchant_id in self.world.hand_offs:
            self._change(slack=None, slack_since=None, slack_gone_at=at)

    def _held(self) -> HeldHandOff:
        return self.world.hand_offs.get(self.merchant_id, HeldHandOff())

    def _change(self, **fields: Any) -> None:
        changed = replace(self._held(), **fields)
        self.journal.put(self.world.hand_offs, self.merchant_id, changed)


class MemorySlackDoors:
    """Where any merchant's tasks are posted."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def path(self, merchant_id: UUID) -> str | None:
        held = self._world.hand_offs.get(merchant_id)
        return None if held is None else held.slack


class MemoryTeams:
    """Whose people are whose."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def of(self, merchant_id: UUID) -> tuple[Member, ...]:
        emails = {user.user_id: user.email for user in self._world.users.values()}
        return tuple(
            Member(
                user_id=user,
                email=emails[user],
                hears=self._world.hearers.get((owner, user), False),
            )
            for owner, user in self._world.roles
            if owner == merchant_id
        )[:MOST_MEMBERS]
