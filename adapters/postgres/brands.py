"""How merchants look to their customers."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from application.ports.brands import MOST_LOGOS, MadeLogo
from domain.brand import BRAND_TEXTS, Brand, Logo

_TEXTS: Final = ", ".join(BRAND_TEXTS)
_PLACES: Final = ", ".join(f"${place}" for place in range(4, 4 + len(BRAND_TEXTS)))
_ANEW: Final = ", ".join(f"{name} = excluded.{name}" for name in BRAND_TEXTS)
CURRENT: Final = f"""
select {_TEXTS}, b.logo_digest, l.width, l.height
from brands b left join brand_logos l on (l.merchant_id, l.digest) = ($1, b.logo_digest)
where b.merchant_id = $1
"""  # noqa: S608 - names of ours
PUT: Final = f"""
insert into brands (merchant_id, logo_digest, changed_at, {_TEXTS}) values ($1, $2, $3, {_PLACES})
on conflict (merchant_id) do update set
    logo_digest = excluded.logo_digest, changed_at = excluded.changed_at, {_ANEW}
"""  # noqa: S608 - names of ours
KEEP: Final = """
insert into brand_logos (merchant_id, digest, width, height, picture, added_at)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing
"""
THIN: Final = """
delete from brand_logos where merchant_id = $1 and digest <> $2
    and digest is distinct from (select logo_digest from brands where merchant_id = $1)
    and digest not in (
        select digest from brand_logos where merchant_id = $1
        order by added_at desc, digest limit $3
    )
"""
PICTURE: Final = "select picture from brand_logos where merchant_id = $1 and digest = $2"


class PostgresBrandStore:
    """The brand of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def current(self) -> Brand:
        return await brand_of(self._connection, self._merchant_id)

    async def put(self, brand: Brand, at: datetime) -> None:
        texts = [getattr(brand, name) for name in BRAND_TEXTS]
        digest = brand.logo.digest if brand.logo else None
        await self._connection.execute(PUT, self._merchant_id, digest, at, *texts)

    async def keep_logo(self, made: MadeLogo, at: datetime) -> None:
        logo, mine = made.logo, self._merchant_id
        given = (mine, logo.digest, logo.width, logo.height, made.picture, at)
        await self._connection.execute(KEEP, *given)
        await self._connection.execute(THIN, mine, logo.digest, MOST_LOGOS)

    async def picture(self, digest: str) -> bytes | None:
        found = await self._connection.fetchval(PICTURE, self._merchant_id, digest)
        return bytes(found) if found is not None else None


async def brand_of(connection: Any, merchant_id: UUID) -> Brand:
    """Also for whoever may see the brands of all."""
    row = await connection.fetchrow(CURRENT, merchant_id)
    if row is None:
        return Brand()
    shown = row["logo_digest"]
    logo = Logo(digest=shown, width=row["width"], height=row["height"]) if shown else None
    return Brand(**{name: row[name] for name in BRAND_TEXTS}, logo=logo)
