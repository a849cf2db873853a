"""How merchants look to their customers, in memory."""

from datetime import datetime

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldLogo
from application.ports.brands import MOST_LOGOS, MadeLogo
from domain.brand import Brand


class MemoryBrandStore(MemoryStore):
    """The brand of one merchant."""

    async def current(self) -> Brand:
        return self.world.brands.get(self.merchant_id, Brand())

    async def put(self, brand: Brand, at: datetime) -> None:  # noqa: ARG002 - nobody asks when
        if brand.logo is not None and await self.picture(brand.logo.digest) is None:
            raise LookupError(f"no picture {brand.logo.digest}")
        self.journal.put(self.world.brands, self.merchant_id, brand)

    async def keep_logo(self, made: MadeLogo, at: datetime) -> None:
        key = (self.merchant_id, made.logo.digest)
        if key not in self.world.logos:
            self.journal.put(self.world.logos, key, HeldLogo(made=made, added_at=at))
        shown = (await self.current()).logo
        stays = {made.logo.digest, *((shown.digest,) if shown else ()), *self._newest()}
        for held in [held for held in self.world.logos if held[0] == self.merchant_id]:
            if held[1] not in stays:
                self.journal.drop(self.world.logos, held)

    async def picture(self, digest: str) -> bytes | None:
        held = self.world.logos.get((self.merchant_id, digest))
        return held.made.picture if held else None

    def _newest(self) -> list[str]:
        mine = [
            (held.added_at, digest)
            for (owner, digest), held in self.world.logos.items()
            if owner == self.merchant_id
        ]
        mine.sort(key=lambda each: (-each[0].timestamp(), each[1]))
        return [digest for _, digest in mine[:MOST_LOGOS]]
