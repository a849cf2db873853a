"""SetUpInApp: the merchant says what is shown in the own app, where, and gets the secret that signs
customers' ids."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.customer_signature import is_signed
from application.ports.in_app import InAppSettings, Signers
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import OpenUnitOfWork
from domain.entitlement import InApp


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpInApp:
    """A secret is returned once; after that it is sealed. `wall` is of the real world: signatures
    are made there."""

    open_uow: OpenUnitOfWork
    signers: Signers
    clock: Callable[[], datetime]
    wall: Callable[[], datetime]
    new_secret: Callable[[], str]

    async def settings(self, merchant_id: UUID) -> InAppSettings:
        """As they stand."""
        async with self.open_uow(merchant_id) as uow:
            return await uow.in_app.read()

    async def save(
        self, merchant_id: UUID, wanted: InApp, origins: tuple[str, ...], actor: str
    ) -> None:
        """From now on; saying the same again is no change."""
        async with self.open_uow(merchant_id) as uow:
            before = await uow.in_app.read()
            if (before.wanted, before.origins) == (wanted, origins):
                return
            await uow.in_app.save(wanted, origins)
            told = (_told(before.wanted, before.origins), _told(wanted, origins))
            await uow.audit.add(self._entry("change_in_app", actor, *told))

    async def make_secret(
        self, merchant_id: UUID, before: datetime | None, actor: str
    ) -> str | None:
        """A new secret; the one until now is honoured for a day. None, and nothing is changed, if
        the one until now was not made at `before`: a form that was sent twice. Raises
        Unavailable."""
        now = self.wall()
        signer = await self.signers.find(merchant_id, now)
        old = signer.secrets[0] if signer else None
        secret = self.new_secret()
        async with self.open_uow(merchant_id) as uow:
            if not await uow.in_app.keep_secret(secret, before, now, old):
                return None
            entry = self._entry("make_signing_secret", actor, _made(before), _made(now))
            await uow.audit.add(entry)
        return secret

    async def is_signed(
        self, merchant_id: UUID, customer: str, signature: str, expires: str
    ) -> bool:
        """Whether the snippet would believe it. Raises Unavailable."""
        now = self.wall()
        signer = await self.signers.find(merchant_id, now)
        secrets = signer.secrets if signer else ()
        return is_signed(secrets, customer, signature, expires, now)

    def _entry(
        self,
        action: str,
        actor: str,
        before: dict[str, str | int | None],
        after: dict[str, str | int | None],
    ) -> AuditEntry:
        return AuditEntry(
            at=self.clock(),
            actor=actor,
            action=action,
            subject="in_app",
            before=before,
            after=after,
        )


def _told(wanted: InApp, origins: tuple[str, ...]) -> dict[str, str | int | None]:
    return {
        "grace_days": wanted.grace_days,
        "shown": int(wanted.shown),
        "banner": int(wanted.banner),
        "wall": wanted.wall.value,
        "origins": " ".join(origins),
    }


def _made(at: datetime | None) -> dict[str, str | int | None]:
    return {"made_at": at.isoformat() if at else None}
