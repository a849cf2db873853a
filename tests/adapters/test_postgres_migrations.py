"""Migrations, and the partitions of the inbox's bodies."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from adapters.postgres import migrations
from adapters.postgres.migrate import MigrationFailed, migrate
from adapters.postgres.partitions import tend_partitions
from adapters.postgres.pools import Pools
from rehearsal.embedded import EmbeddedPostgres
from tests.conftest import as_superuser

WRITTEN = len(list(Path(migrations.__path__[0]).glob("postgres_*.py")))
PARTITIONS = """
select inhrelid::regclass::text as name from pg_inherits
where inhparent = 'inbox_bodies'::regclass order by 1
"""
OLD_DAY = """
create table inbox_bodies_{0:%Y%m%d} partition of inbox_bodies for values from ('{0}') to ('{1}')
"""


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def test_two_migrators_at_once_and_a_third_later_make_one_schema(
    postgres_server: EmbeddedPostgres,
) -> None:
    await as_superuser(postgres_server, "create database twice owner chargechase")
    url = postgres_server.url("twice")
    await asyncio.gather(migrate(url), migrate(url))
    await migrate(url)
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("select count(*) from migration") == WRITTEN
    await connection.close()


async def test_a_failed_migration_leaves_nothing_behind(postgres_server: EmbeddedPostgres) -> None:
    await as_superuser(postgres_server, "create database odd owner chargechase")
    url = postgres_server.url("odd")
    connection = await asyncpg.connect(url)
    await connection.execute("create table audit_log (of_somebody_else integer)")
    with pytest.raises(MigrationFailed, match="audit_log"):
        await migrate(url)
    assert await connection.fetchval("select to_regclass('merchants')") is None
    await connection.execute("drop table audit_log")
    await migrate(url)
    await connection.close()


async def test_today_and_the_coming_week_have_partitions(owner: Any, postgres_pools: Pools) -> None:
    await tend_partitions(postgres_pools.system)
    today = await owner.fetchval("select (now() at time zone 'UTC')::date")
    names = [row["name"] for row in await owner.fetch(PARTITIONS)]
    assert f"inbox_bodies_{today:%Y%m%d}" in names
    assert len(names) == 9


async def test_an_old_day_is_dropped_unless_an_event_of_it_waits(
    owner: Any, postgres_pools: Pools
) -> None:
    days = await owner.fetchrow("select current_date - 100 as one, current_date - 101 as other")
    for day in days:
        await owner.execute(OLD_DAY.format(day, await owner.fetchval("select $1::date + 1", day)))
    await owner.execute(
        "insert into inbox_events (merchant_id, account, event_id, livemode, type, received_at)"
        " values (gen_random_uuid(), 'acct_1', 'evt_1', false, 'x', now() - interval '100 days')"
    )
    await tend_partitions(postgres_pools.system)
    names = {row["name"] for row in await owner.fetch(PARTITIONS)}
    assert f"inbox_bodies_{days['one']:%Y%m%d}" in names
    assert f"inbox_bodies_{days['other']:%Y%m%d}" not in names


async def test_a_body_without_a_partition_of_its_day_is_kept_all_the_same(owner: Any) -> None:
    await owner.execute(
        "insert into inbox_bodies values (gen_random_uuid(), 1, current_date + 400, 1, 'x')"
    )
    kept = "select count(*) from inbox_bodies_default"
    assert await owner.fetchval(kept) == 1
