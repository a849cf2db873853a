"""How many letters of a merchant went lately, counted where they are written, and what mail
services said of them."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from application.ports.mail_limits import (
    DAY,
    HOUR,
    MINUTE,
    Held,
    LastHour,
    MailLimits,
    Wait,
    comes_back_too_often,
)
from application.ports.mail_news import MailNews

LOCK: Final = """
insert into mail_turns (merchant_id) values ($1)
on conflict (merchant_id) do update set merchant_id = excluded.merchant_id
"""
GONE: Final = """
select begun_at from messages
where merchant_id = $1 and begun_at > $2 and state <> 'failed' and channel = 'email'
union all
select begun_at from expiry_notices
where merchant_id = $1 and begun_at > $2 and state in ('begun', 'sent', 'unanswered')
"""
GONE_TO: Final = """
select begun_at from messages
where merchant_id = $1 and begun_at > $2 and state <> 'failed' and address_hash = $4
union all
select begun_at from expiry_notices
where merchant_id = $1 and begun_at > $2 and state in ('begun', 'sent', 'unanswered')
    and address_hash = $4
"""
# Of so many the first: when it is out of the span, there is room for one more.
FIRST_OF: Final = "select begun_at from ({}) gone order by begun_at desc offset $3 - 1 limit 1"
COUNT: Final = "select count(*) from ({}) gone".format(GONE)  # noqa: S608, UP032 - ours
BACK: Final = """
select count(*) filter (where reason = 'bounced') as dead,
    count(*) filter (where reason = 'complained') as complained, min(at) as first_at
from suppressions
where merchant_id = $1 and at > $2 and reason in ('bounced', 'complained')
"""
TURN: Final = """
insert into mail_turns (merchant_id, next_at) values ($1, $2)
on conflict (merchant_id) do update set
    next_at = greatest(mail_turns.next_at + $3::interval, excluded.next_at)
returning next_at
"""
NEWS: Final = """
insert into mail_news (merchant_id, source, event_id, message_id, fate, at)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing
"""


class PostgresMailRoom:
    """Those of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def wait(self, address_hash: bytes, limits: MailLimits, now: datetime) -> Wait | None:
        await self._connection.execute(LOCK, self._merchant_id)
        return (
            await self._of_address(address_hash, limits, now)
            or await self._paused(limits, now)
            or await self._in_day(limits, now)
            or await self._in_minute(limits, now)
        )

    async def turn(self, wait: Wait, limits: MailLimits) -> datetime:
        found = await self._connection.fetchval(
            TURN, self._merchant_id, wait.until, limits.pace(wait.why)
        )
        assert isinstance(found, datetime)
        return found

    async def last_hour(self, now: datetime) -> LastHour:
        return (await self._hour(now))[0]

    async def _hour(self, now: datetime) -> tuple[LastHour, datetime | None]:
        """And when the first of what came back did."""
        since = now - HOUR
        went = await self._connection.fetchval(COUNT, self._merchant_id, since)
        back = await self._connection.fetchrow(BACK, self._merchant_id, since)
        hour = LastHour(went=went, dead=back["dead"], complained=back["complained"])
        return hour, back["first_at"]

    async def _of_address(
        self, address_hash: bytes, limits: MailLimits, now: datetime
    ) -> Wait | None:
        query = FIRST_OF.format(GONE_TO)
        given = (self._merchant_id, now - DAY, limits.per_recipient, address_hash)
        first_at = await self._connection.fetchval(query, *given)
        return Wait(why=Held.RECIPIENT, until=first_at + DAY) if first_at else None

    async def _paused(self, limits: MailLimits, now: datetime) -> Wait | None:
        hour, first_at = await self._hour(now)
        if first_at is None or not comes_back_too_often(hour, limits):
            return None
        return Wait(why=Held.MERCHANT, until=first_at + HOUR)

    async def _in_day(self, limits: MailLimits, now: datetime) -> Wait | None:
        went = await self._connection.fetchval(COUNT, self._merchant_id, now - DAY)
        if went < limits.per_day:
            return None
        given = (self._merchant_id, now - DAY, limits.per_day)
        first_at = await self._connection.fetchval(FIRST_OF.format(GONE), *given)
        return Wait(why=Held.DAY, until=first_at + DAY)

    async def _in_minute(self, limits: MailLimits, now: datetime) -> Wait | None:
        given = (self._merchant_id, now - MINUTE, limits.per_minute)
        first_at = await self._connection.fetchval(FIRST_OF.format(GONE), *given)
        return Wait(why=Held.MINUTE, until=first_at + MINUTE) if first_at else None


class PostgresMailNewsStore:
    """What mail services said of a merchant's letters, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def add(self, news: MailNews, at: datetime) -> bool:
        row = (news.source, news.event_id, news.message_id, news.fate.value, at)
        done = await self._connection.execute(NEWS, self._merchant_id, *row)
        return bool(done == "INSERT 0 1")
