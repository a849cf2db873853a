"""SetBrand: how the merchant looks to customers from now on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from application.ports.brands import MadeLogo
from application.ports.stores import AuditEntry
from application.ports.unit_of_work import OpenUnitOfWork
from domain.brand import BRAND_TEXTS, Brand, BrandFault, brand_faults, tidied


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBrand:
    """Words and colour come together, the logo by itself; each leaves the other as it is."""

    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]
    read_logo: Callable[[bytes], MadeLogo]  # raises LogoRefused; takes a processor for a while

    async def __call__(
        self, merchant_id: UUID, wanted: Brand, actor: str
    ) -> tuple[BrandFault, ...]:
        """What is wrong with it; nothing is kept then. Its logo is not looked at."""
        brand = tidied(wanted)
        faults = brand_faults(brand)
        if faults:
            return faults
        await self._change(merchant_id, actor, lambda now: replace(brand, logo=now.logo))
        return ()

    async def logo(self, merchant_id: UUID, raw: bytes, actor: str) -> None:
        """A picture from somebody's file. Raises LogoRefused; nothing is kept then."""
        made = await asyncio.to_thread(self.read_logo, raw)
        await self._change(merchant_id, actor, lambda now: replace(now, logo=made.logo), made)

    async def no_logo(self, merchant_id: UUID, actor: str) -> None:
        """The name stands there again."""
        await self._change(merchant_id, actor, lambda now: replace(now, logo=None))

    async def _change(
        self,
        merchant_id: UUID,
        actor: str,
        change: Callable[[Brand], Brand],
        made: MadeLogo | None = None,
    ) -> None:
        async with self.open_uow(merchant_id) as uow:
            before, at = await uow.brands.current(), self.clock()
            after = change(before)
            if after == before:
                return
            if made is not None:
                await uow.brands.keep_logo(made, at)
            await uow.brands.put(after, at)
            await uow.audit.add(_entry(before, after, actor, at))


def _entry(before: Brand, after: Brand, actor: str, at: datetime) -> AuditEntry:
    """What is another now than it was."""
    was, is_now = _told(before), _told(after)
    changed = [name for name in was if was[name] != is_now[name]]
    return AuditEntry(
        at=at,
        actor=actor,
        action="set_brand",
        subject="brand",
        before={name: was[name] for name in changed},
        after={name: is_now[name] for name in changed},
    )


def _told(brand: Brand) -> dict[str, str | int | None]:
    digest = brand.logo.digest if brand.logo else None
    return {**{name: getattr(brand, name) for name in BRAND_TEXTS}, "logo": digest}
