"""Lessons and knowledge of one merchant, and the pool of all that share."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from adapters.postgres.json_columns import as_json, lesson_of
from adapters.postgres.pools import acquired
from application.errors import NotFound
from application.ports.learning import FreshLesson, LearnedVersion
from application.ports.stores import ConcurrentWrite
from domain.timing.knowledge import Knowledge
from domain.timing.lessons import Lesson

ADD: Final = """
insert into lessons (merchant_id, at, body) select $1, $2, * from unnest($3::jsonb[])
"""
FRESH: Final = """
select lesson_id, body from lessons where merchant_id = $1 and learned_in is null
order by lesson_id limit $2
"""
LEARNED: Final = """
update lessons set learned_in = $3 where merchant_id = $1 and lesson_id = any($2::bigint[])
"""
ACTIVE: Final = "select coalesce(max(version), 0) from knowledge where merchant_id = $1"
VERSION: Final = "select body from knowledge where merchant_id = $1 and version = $2"
OWN: Final = "select own from knowledge where merchant_id = $1 order by version desc limit 1"
KEEP: Final = """
insert into knowledge (merchant_id, version, own, body, made_at) values ($1, $2, $3, $4, $5)
"""
SHARES: Final = "select shares_lessons from merchants where merchant_id = $1"
AGREE: Final = "update merchants set shares_lessons = $2 where merchant_id = $1"
POOL: Final = "select part, body from knowledge_pool order by part for update"
KEEP_POOL: Final = """
insert into knowledge_pool (part, body, made_at) values ($1, $2, $3)
on conflict (part) do update set body = excluded.body, made_at = excluded.made_at
"""
# Who has lessons, by one step through the index for each merchant; then who knows nothing yet.
WAITING: Final = """
with recursive teachers as (
    (
        select merchant_id from lessons where learned_in is null
        order by merchant_id limit 1
    )
    union all
    select (
        select l.merchant_id from lessons l
        where l.learned_in is null and l.merchant_id > t.merchant_id
        order by l.merchant_id limit 1
    )
    from teachers t where t.merchant_id is not null
)
select t.merchant_id from teachers t
where t.merchant_id is not null and not exists (
    select from knowledge k where k.merchant_id = t.merchant_id and k.made_at >= $2
)
union
select m.merchant_id from merchants m
where exists (select from knowledge_pool where part >= 0)
    and not exists (select from knowledge k where k.merchant_id = m.merchant_id)
order by merchant_id limit $1
"""


class PostgresLessonStore:
    """Outcomes of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def add(self, at: datetime, lessons: tuple[Lesson, ...]) -> None:
        bodies = [as_json(lesson) for lesson in lessons]
        await self._connection.execute(ADD, self._merchant_id, at, bodies)

    async def fresh(self, limit: int) -> tuple[FreshLesson, ...]:
        rows = await self._connection.fetch(FRESH, self._merchant_id, limit)
        return tuple(FreshLesson(row["lesson_id"], lesson_of(row["body"])) for row in rows)

    async def learned(self, lesson_ids: tuple[int, ...], version: int) -> None:
        await self._connection.execute(LEARNED, self._merchant_id, lesson_ids, version)


class PostgresKnowledgeStore:
    """Knowledge of one merchant, inside one transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def active(self) -> int:
        return int(await self._connection.fetchval(ACTIVE, self._merchant_id))

    async def version(self, version: int) -> Knowledge:
        if version == 0:
            return Knowledge()
        raw = await self._connection.fetchval(VERSION, self._merchant_id, version)
        if raw is None:
            raise NotFound("knowledge")
        return Knowledge.decode(raw)

    async def own(self) -> Knowledge:
        raw = await self._connection.fetchval(OWN, self._merchant_id)
        return Knowledge() if raw is None else Knowledge.decode(raw)

    async def keep(self, learned: LearnedVersion) -> None:
        own, whole = learned.own.encode(), learned.whole.encode()
        try:
            await self._connection.execute(
                KEEP, self._merchant_id, learned.version, own, whole, learned.made_at
            )
        except asyncpg.UniqueViolationError as error:
            raise ConcurrentWrite from error


class PostgresKnowledgePool:
    """Rows that are nobody's, written in a merchant's transaction."""

    def __init__(self, connection: Any, merchant_id: UUID) -> None:
        self._connection = connection
        self._merchant_id = merchant_id

    async def is_fed_by_us(self) -> bool:
        return bool(await self._connection.fetchval(SHARES, self._merchant_id))

    async def agree(self, shares: bool) -> None:
        await self._connection.execute(AGREE, self._merchant_id, shares)

    async def read(self) -> dict[int, Knowledge]:
        rows = await self._connection.fetch(POOL)
        return {row["part"]: Knowledge.decode(row["body"]) for row in rows}

    async def keep(self, part: int, knowledge: Knowledge, at: datetime) -> None:
        await self._connection.execute(KEEP_POOL, part, knowledge.encode(), at)


class PostgresLearners:
    """Who has something to learn: the system's role may see whose, never what."""

    def __init__(self, system_pool: Any) -> None:
        self._pool = system_pool

    async def waiting(self, limit: int, made_before: datetime) -> tuple[UUID, ...]:
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(WAITING, limit, made_before)
        return tuple(row["merchant_id"] for row in rows)
