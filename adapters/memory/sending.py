"""Sending domains, in memory."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldSending, MemoryWorld
from application.errors import Unavailable
from application.ports.sending import Identity, NewKey
from domain.sending import SendingDomain


class MemorySendingStore(MemoryStore):
    """That of one merchant."""

    async def read(self) -> SendingDomain | None:
        held = self.world.sending.get(self.merchant_id)
        return held.it if held else None

    async def choose(self, it: SendingDomain, key: NewKey, at: datetime) -> None:  # noqa: ARG002
        held = self.world.sending.get(self.merchant_id)
        if held is not None and held.it.domain == it.domain:
            self._put(replace(held, it=replace(held.it, local_part=it.local_part)))
            return
        self._put(HeldSending(it=replace(it, keys=())))
        await self.add_key(key)

    async def add_key(self, key: NewKey) -> None:
        held = self.world.sending[self.merchant_id]
        others = tuple(one for one in held.it.keys if one.selector != key.public.selector)
        private = {**held.private, key.public.selector: key.private_pem}
        self._put(HeldSending(it=replace(held.it, keys=(*others, key.public)), private=private))

    async def looked(self, it: SendingDomain) -> None:
        self._put(replace(self.world.sending[self.merchant_id], it=it))

    async def remove(self) -> None:
        self.journal.drop(self.world.sending, self.merchant_id)

    def _put(self, held: HeldSending) -> None:
        self.journal.put(self.world.sending, self.merchant_id, held)


class MemoryIdentities:
    """The Identities port."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def of(self, merchant_id: UUID) -> Identity | None:
        held = self._world.sending.get(merchant_id)
        found = [key for key in held.it.keys if key.found] if held else []
        if held is None or not held.it.stands or not found:
            return None
        return Identity(
            address=held.it.address,
            domain=held.it.domain,
            selector=found[-1].selector,
            private_pem=held.private[found[-1].selector],
        )


class MemorySendingChecks:
    """The SendingChecks port."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def due(self, now: datetime, limit: int) -> tuple[UUID, ...]:
        waiting = [
            (held.it.tried_at, merchant_id)
            for merchant_id, held in self._world.sending.items()
            if held.it.tried_at is None
            or held.it.tried_at <= now - timedelta(hours=24 if held.it.stands else 1)
        ]
        waiting.sort(key=lambda each: (each[0] is not None, each[0], each[1]))
        return tuple(merchant_id for _, merchant_id in waiting[:limit])


class MemoryNames:
    """The Names port: a zone as a dictionary."""

    def __init__(self) -> None:
        self.zone: dict[str, tuple[str, ...]] = {}
        self.is_down = False

    async def texts(self, name: str) -> tuple[str, ...]:
        if self.is_down:
            raise Unavailable("no name server answers")
        return self.zone.get(name, ())
