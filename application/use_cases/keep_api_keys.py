"""KeepApiKeys: keys for the merchant's own programs are made, listed and revoked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.ports.api_keys import (
    LONGEST_NAME,
    ApiKey,
    Scope,
    hash_of_key,
    hint_of,
    spelled,
)
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import OpenUnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepApiKeys:
    """The key itself is returned once and kept nowhere. `wall` is of the real world: keys are used
    there, in rehearsal too."""

    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]
    wall: Callable[[], datetime]
    new_secret: Callable[[], bytes]
    livemode: bool

    async def make(self, merchant_id: UUID, key_id: UUID, name: str, actor: str) -> str | None:
        """The new key; None if `key_id` is there already, or there are as many as there may be."""
        text = spelled(self.new_secret(), livemode=self.livemode)
        key = ApiKey(
            key_id=key_id,
            name=name.strip()[:LONGEST_NAME] or "Unnamed",
            hint=hint_of(text),
            scopes=(Scope.ENTITLEMENT_READ,),
            created_at=self.wall(),
        )
        async with self.open_uow(merchant_id) as uow:
            if not await uow.api_keys.add(key, hash_of_key(text)):
                return None
            await uow.audit.add(self._entry("make_api_key", key_id, actor, scopes=key.scopes))
        return text

    async def revoke(self, merchant_id: UUID, key_id: UUID, actor: str) -> bool:
        """From now on it opens nothing; False if there is none that works."""
        async with self.open_uow(merchant_id) as uow:
            if not await uow.api_keys.revoke(key_id, self.wall()):
                return False
            await uow.audit.add(self._entry("revoke_api_key", key_id, actor))
        return True

    async def all(self, merchant_id: UUID) -> tuple[ApiKey, ...]:
        """The newest first."""
        async with self.open_uow(merchant_id) as uow:
            return await uow.api_keys.all()

    def _entry(
        self, action: str, key_id: UUID, actor: str, scopes: tuple[Scope, ...] = ()
    ) -> AuditEntry:
        return AuditEntry(
            at=self.clock(),
            actor=actor,
            action=action,
            subject=f"api_key:{key_id}",
            before={},
            after={"scopes": " ".join(scopes)} if scopes else {},
        )
