"""Hosts for customers' links, in memory."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import MemoryWorld
from application.ports.link_hosts import HostTaken
from domain.link_host import LinkHost
from domain.records import State

LATEST: Final = datetime.max.replace(tzinfo=UTC)  # one that stands has lost nothing


class MemoryLinkHostStore(MemoryStore):
    """That of one merchant."""

    async def read(self) -> LinkHost | None:
        return self.world.link_hosts.get(self.merchant_id)

    async def choose(self, it: LinkHost, at: datetime) -> None:  # noqa: ARG002
        self.journal.put(self.world.link_hosts, self.merchant_id, it)

    async def looked(self, it: LinkHost) -> None:
        others = [
            held
            for merchant_id, held in self.world.link_hosts.items()
            if merchant_id != self.merchant_id
        ]
        if it.stands and any(held.stands and held.host == it.host for held in others):
            raise HostTaken(it.host)
        self.journal.put(self.world.link_hosts, self.merchant_id, it)

    async def remove(self) -> None:
        self.journal.drop(self.world.link_hosts, self.merchant_id)


class MemoryLinkHosts:
    """The LinkHosts port."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def of(self, merchant_id: UUID) -> str | None:
        held = self._world.link_hosts.get(merchant_id)
        return held.host if held and held.stands else None

    async def owner(self, host: str) -> UUID | None:
        owners = {
            merchant_id: held.lost_at or LATEST
            for merchant_id, held in self._world.link_hosts.items()
            if held.host == host and held.verified_at is not None
        }
        return max(owners, key=owners.__getitem__, default=None)

    async def is_proven(self, host: str) -> bool:
        held = self._world.link_hosts.values()
        return any(each.host == host and each.record is State.RIGHT for each in held)


class MemoryLinkHostChecks:
    """The LinkHostChecks port."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def due(self, now: datetime, limit: int) -> tuple[UUID, ...]:
        waiting = [
            (held.tried_at, merchant_id)
            for merchant_id, held in self._world.link_hosts.items()
            if held.tried_at is None
            or held.tried_at <= now - timedelta(hours=24 if held.stands else 1)
        ]
        waiting.sort(key=lambda each: (each[0] is not None, each[0], each[1]))
        return tuple(merchant_id for _, merchant_id in waiting[:limit])


class MemoryHostProbe:
    """The HostProbe port: hosts and what they say."""

    def __init__(self) -> None:
        self.says: dict[str, str] = {}
        self.asked: list[str] = []

    async def ask(self, host: str) -> str | None:
        self.asked.append(host)
        return self.says.get(host)
