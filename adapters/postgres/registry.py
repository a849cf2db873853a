"""What the installation knows across merchants."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from adapters.postgres.brands import PICTURE, brand_of
from adapters.postgres.pools import acquired
from adapters.postgres.tables import Links, Merchants, StripeAccounts, fetch
from application.errors import NotFound
from application.ports.link_requests import OLDEST
from application.ports.mail_limits import HOUR, LastHour
from application.ports.mail_news import LetterOf
from application.ports.registry import (
    MOST_TEXTED,
    ConnectedAccount,
    MailHealth,
    MerchantProfile,
    TextedCase,
)
from application.ports.stores import CardLink, LinkTarget
from application.views import Installation

STANDING: Final = "select * from installation_standing($1)"
CHORES: Final = """
select
    count(*) filter (where due_at <= $1) as chores_due,
    count(*) filter (where tries > 0) as chores_failing,
    coalesce(extract(epoch from $1 - min(coalesce(last_ok_at, put_at))
        filter (where kind = 'reconcile')), 0)::double precision as reconciled_lag_s
from account_chores where finished_at is null
"""
TEXTED: Final = """
select merchant_id, case_id from text_consents where number_hash = $1
group by merchant_id, case_id order by max(consent_id) desc limit $2
"""
LETTER: Final = "select * from letter_of($1)"
MAIL: Final = "select * from mail_last_hour($1, $2)"
OF_NOTICE: Final = """
select merchant_id, account, customer_id, subscription_id, begun_at, address_hash
from expiry_notices
where token_hash = $1 and link_until > $2
"""


class PostgresRegistry:
    """Reads with the system's role. `clock` says which links have expired and what is due."""

    def __init__(self, system_pool: Any, clock: Callable[[], datetime]) -> None:
        self._pool = system_pool
        self._clock = clock

    async def accounts(self) -> tuple[ConnectedAccount, ...]:
        query = StripeAccounts.select(
            StripeAccounts.merchant_id,
            StripeAccounts.account,
            StripeAccounts.livemode,
            StripeAccounts.own,
        ).order_by(StripeAccounts.account, StripeAccounts.livemode)
        return tuple(ConnectedAccount(**row) for row in await self._fetch(query))

    async def merchant(self, merchant_id: UUID) -> MerchantProfile:
        query = Merchants.select(
            Merchants.merchant_id, Merchants.name, Merchants.timezone, Merchants.reply_to
        ).where(Merchants.merchant_id == merchant_id)
        async with acquired(self._pool) as connection:
            rows = await fetch(connection, query)
            if not rows:
                raise NotFound("merchant")
            return MerchantProfile(**rows[0], brand=await brand_of(connection, merchant_id))

    async def logo(self, merchant_id: UUID, digest: str) -> bytes | None:
        async with acquired(self._pool) as connection:
            found = await connection.fetchval(PICTURE, merchant_id, digest)
        return bytes(found) if found is not None else None

    async def link(self, token_hash: bytes) -> LinkTarget | CardLink | None:
        now = self._clock()
        of_case = Links.select(Links.merchant_id, Links.case_id, Links.address_hash).where(
            Links.token_hash == token_hash, Links.expires_at > now
        )
        async with acquired(self._pool) as connection:
            rows = await fetch(connection, of_case)
            noticed = await connection.fetchrow(OF_NOTICE, token_hash, now)
        if rows:
            return LinkTarget(**rows[0])
        return CardLink(**noticed) if noticed else None

    async def old_link(self, token_hash: bytes) -> LinkTarget | None:
        query = Links.select(Links.merchant_id, Links.case_id, Links.address_hash).where(
            Links.token_hash == token_hash, Links.expires_at > self._clock() - OLDEST
        )
        rows = await self._fetch(query)
        return LinkTarget(**rows[0]) if rows else None

    async def texted(self, number_hash: bytes) -> tuple[TextedCase, ...]:
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(TEXTED, number_hash, MOST_TEXTED)
        return tuple(TextedCase(**row) for row in rows)

    async def letter(self, message_id: str) -> LetterOf | None:
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(LETTER, message_id)
        return LetterOf(**row) if row else None

    async def mail(self) -> MailHealth:
        now = self._clock()
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(MAIL, now - HOUR, now)
        hours = {
            row["merchant_id"]: LastHour(
                went=row["went"], dead=row["dead"], complained=row["complained"]
            )
            for row in rows
        }
        return MailHealth(all=hours.pop(None), merchants=tuple(hours.values()))

    async def standing(self) -> Installation:
        async with acquired(self._pool) as connection:
            row = await connection.fetchrow(STANDING, self._clock())
            chores = await connection.fetchrow(CHORES, self._clock())
        return Installation(**row, **chores)

    async def _fetch(self, query: Any) -> list[dict[str, Any]]:
        async with acquired(self._pool) as connection:
            return await fetch(connection, query)
