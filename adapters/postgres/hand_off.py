"""How a merchant hands over to people; the app's role seals the way to Slack and cannot read it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from adapters.postgres.json_columns import as_json
from adapters.postgres.pools import acquired
from application.ports.hand_off import HandOffStanding, Member, SlackStanding
from application.ports.sealing import Place, Sealing
from domain.tasks import TO_BEGIN_WITH, HandOff

MOST_MEMBERS: Final = 200
SLACK: Final = "slack_sealed"
READ: Final = """
select m.timezone, h.rules, h.slack_since, h.slack_gone_at,
    array(
        select user_id from memberships p where p.merchant_id = $1 and p.hears_tasks
        order by joined_at, user_id limit $2
    ) as hearers
from merchants m left join hand_off h on h.merchant_id = m.merchant_id
where m.merchant_id = $1
"""
# `excluded` would count as reading.
KEEP: Final = """
insert into hand_off (merchant_id, rules, changed_at) values ($1, $2, $3)
on conflict (merchant_id) do update set rules = $2, changed_at = $3
"""
CONNECT: Final = """
insert into hand_off (merchant_id, slack_sealed, slack_since, changed_at) values ($1, $2, $3, $4)
on conflict (merchant_id) do update set
    slack_sealed = $2, slack_since = $3, slack_gone_at = null, changed_at = $4
"""
GONE: Final = """
update hand_off set slack_sealed = null, slack_since = null, slack_gone_at = $2, changed_at = $2
where merchant_id = $1
"""
HEAR: Final = """
update memberships set hears_tasks = $3 where merchant_id = $1 and user_id = $2
"""
TEAM: Final = """
select u.user_id, u.email, p.hears_tasks as hears from memberships p join users u using (user_id)
where p.merchant_id = $1 order by p.joined_at, u.user_id limit $2
"""
DOOR: Final = "select slack_sealed from hand_off where merchant_id = $1"

_as_rules: Final = msgspec.json.Decoder(HandOff).decode


class PostgresHandOffStore:
    """That of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID, box: Sealing) -> None:
        self._connection = connection
        self._merchant_id = merchant_id
        self._box = box

    async def read(self) -> HandOffStanding:
        row = await self._connection.fetchrow(READ, self._merchant_id, MOST_MEMBERS)
        return HandOffStanding(
            rules=_as_rules(row["rules"]) if row["rules"] else TO_BEGIN_WITH,
            timezone=row["timezone"],
            slack=SlackStanding(since=row["slack_since"], gone_at=row["slack_gone_at"]),
            hearers=tuple(row["hearers"]),
        )

    async def keep(self, rules: HandOff, at: datetime) -> None:
        await self._connection.execute(KEEP, self._merchant_id, as_json(rules), at)

    async def hear(self, user_id: UUID, *, hears: bool) -> bool:
        done = await self._connection.execute(HEAR, self._merchant_id, user_id, hears)
        return bool(done == "UPDATE 1")

    async def slack(self, path: str | None, at: datetime) -> None:
        """Raises CannotSeal."""
        sealed = None if path is None else self._box.seal(place_of(self._merchant_id), path)
        since = None if path is None else at
        await self._connection.execute(CONNECT, self._merchant_id, sealed, since, at)

    async def slack_gone(self, at: datetime) -> None:
        await self._connection.execute(GONE, self._merchant_id, at)


class PostgresSlackDoors:
    """Where any merchant's tasks are posted, with the system's role; never remembered."""

    def __init__(self, system_pool: Any, box: Sealing) -> None:
        self._pool = system_pool
        self._box = box

    async def path(self, merchant_id: UUID) -> str | None:
        """Raises CannotOpen, Unavailable."""
        async with acquired(self._pool) as connection:
            sealed = await connection.fetchval(DOOR, merchant_id)
        return None if sealed is None else self._box.open(place_of(merchant_id), sealed)


class PostgresTeams:
    """Whose people are whose, with the system's role."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool

    async def of(self, merchant_id: UUID) -> tuple[Member, ...]:
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(TEAM, merchant_id, MOST_MEMBERS)
        return tuple(Member(**row) for row in rows)


def place_of(merchant_id: UUID) -> Place:
    """Where the way to Slack is stored."""
    return Place(merchant_id, f"hand_off.{SLACK}")
