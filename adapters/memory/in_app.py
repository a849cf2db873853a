"""API keys, settings and secrets of the merchants' own apps, and what customers owe, in memory."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldApiKey, HeldInApp, MemoryWorld
from application.ports.api_keys import MOST_KEYS, ApiKey, KeyHolder
from application.ports.in_app import (
    MOST_DEBTS,
    OLD_SECRET_FOR,
    InAppSettings,
    Owed,
    Signer,
)
from domain.entitlement import InApp

NOTED_EVERY: Final = timedelta(minutes=1)


class MemoryApiKeyStore(MemoryStore):
    """Keys of one merchant."""

    async def add(self, key: ApiKey, key_hash: bytes) -> bool:
        place = (self.merchant_id, key.key_id)
        working = [each for each in await self.all() if each.revoked_at is None]
        if place in self.world.api_keys or len(working) >= MOST_KEYS:
            return False
        self.journal.put(self.world.api_keys, place, HeldApiKey(key=key, key_hash=key_hash))
        return True

    async def revoke(self, key_id: UUID, at: datetime) -> bool:
        held = self.world.api_keys.get((self.merchant_id, key_id))
        if held is None or held.key.revoked_at is not None:
            return False
        revoked = replace(held, key=replace(held.key, revoked_at=at))
        self.journal.put(self.world.api_keys, (self.merchant_id, key_id), revoked)
        return True

    async def all(self) -> tuple[ApiKey, ...]:
        mine = [
            held.key
            for (owner, _), held in self.world.api_keys.items()
            if owner == self.merchant_id
        ]
        newest = sorted(mine, key=lambda key: (-key.created_at.timestamp(), key.key_id))
        return tuple(newest[: 5 * MOST_KEYS])


class MemoryKeyHolders:
    """Whose a key is."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def find(self, key_hash: bytes) -> KeyHolder | None:
        for place, held in self._world.api_keys.items():
            if held.key_hash == key_hash and held.key.revoked_at is None:
                self._world.api_keys[place] = self._noted(held)
                scopes = frozenset(held.key.scopes)
                return KeyHolder(merchant_id=place[0], key_id=place[1], scopes=scopes)
        return None

    def _noted(self, held: HeldApiKey) -> HeldApiKey:
        now, last = self._world.wall(), held.key.last_used_at
        if last is not None and now - last < NOTED_EVERY:
            return held
        return replace(held, key=replace(held.key, last_used_at=now))


class MemoryInAppStore(MemoryStore):
    """Settings of one merchant."""

    async def read(self) -> InAppSettings:
        return self._held().settings

    async def save(self, wanted: InApp, origins: tuple[str, ...]) -> None:
        held = self._held()
        self._put(replace(held, settings=replace(held.settings, wanted=wanted, origins=origins)))

    async def keep_secret(
        self, secret: str, before: datetime | None, at: datetime, old: str | None
    ) -> bool:
        held = self._held()
        if held.settings.secret_made_at != before:
            return False
        several = (secret,) if old is None else (secret, old)
        settings = replace(held.settings, secret_made_at=at)
        self._put(HeldInApp(settings=settings, secrets=several))
        return True

    def _held(self) -> HeldInApp:
        return self.world.in_app.get(self.merchant_id, HeldInApp())

    def _put(self, held: HeldInApp) -> None:
        self.journal.put(self.world.in_app, self.merchant_id, held)


class MemorySigners:
    """Merchants by the id in their pages."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def find(self, merchant_id: UUID, now: datetime) -> Signer | None:
        held = self._world.in_app.get(merchant_id)
        if held is None or held.settings.secret_made_at is None:
            return None
        is_new = now < held.settings.secret_made_at + OLD_SECRET_FOR
        return Signer(settings=held.settings, secrets=held.secrets if is_new else held.secrets[:1])


class MemoryDebts:
    """What customers owe; nothing is remembered."""

    def __init__(self, world: MemoryWorld, clock: Callable[[], datetime]) -> None:
        self._world = world
        self._clock = clock

    async def of(self, merchant_id: UUID, customer_id: str) -> Owed:
        mine = [
            (case_id, held.state)
            for (owner, case_id), held in self._world.cases.items()
            if owner == merchant_id and held.state.customer_id == customer_id
        ]
        owed = [each for each in mine if each[1].is_open and not each[1].held_out]
        oldest = sorted(owed, key=lambda each: (each[1].opened_at, each[0]))
        held = self._world.in_app.get(merchant_id, HeldInApp())
        return Owed(
            cases=tuple(oldest[:MOST_DEBTS]), wanted=held.settings.wanted, as_of=self._clock()
        )
