"""Notices of cards that will expire."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from application.ports.notices import ExpiryNotice

BEGUN: Final = """
select notice_id, begun_at from expiry_notices
where merchant_id = $1 and notice_id = any($2::uuid[]) and state <> 'failed'
"""
# One that the mail server did not take may begin again; one that went, or may have, may not.
BEGIN: Final = """
insert into expiry_notices (merchant_id, notice_id, account, customer_id, subscription_id,
    payment_method, expires, renews_at, token_hash, link_until, state, begun_at,
    address_hash)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'begun', $11, $12)
on conflict (merchant_id, notice_id) do update set
    customer_id = excluded.customer_id, subscription_id = excluded.subscription_id,
    renews_at = excluded.renews_at, token_hash = excluded.token_hash,
    link_until = excluded.link_until, state = 'begun', begun_at = excluded.begun_at,
    address_hash = excluded.address_hash
where expiry_notices.state = 'failed'
"""
SENT: Final = """
update expiry_notices set state = $4, sent_at = $3 where merchant_id = $1 and notice_id = $2
"""
FAILED: Final = "update expiry_notices set state = $3 where merchant_id = $1 and notice_id = $2"


class PostgresNoticeStore:
    """Those of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def begun(self, notice_ids: tuple[UUID, ...]) -> dict[UUID, datetime]:
        rows = await self._connection.fetch(BEGUN, self._merchant_id, list(notice_ids))
        return {row["notice_id"]: row["begun_at"] for row in rows}

    async def begin(self, notice: ExpiryNotice) -> bool:
        done = await self._connection.execute(
            BEGIN,
            self._merchant_id,
            notice.notice_id,
            notice.account,
            notice.customer_id,
            notice.subscription_id,
            notice.payment_method,
            notice.expires,
            notice.renews_at,
            notice.token_hash,
            notice.link_until,
            notice.begun_at,
            notice.address_hash,
        )
        return bool(done == "INSERT 0 1")

    async def sent(self, notice_id: UUID, at: datetime, *, answered: bool = True) -> None:
        state = "sent" if answered else "unanswered"
        await self._connection.execute(SENT, self._merchant_id, notice_id, at, state)

    async def failed(self, notice_id: UUID, *, final: bool) -> None:
        state = "refused" if final else "failed"
        await self._connection.execute(FAILED, self._merchant_id, notice_id, state)
