"""One Postgres and one Redis for the whole run; a database of its own for each module of tests."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from adapters.postgres.migrate import migrate
from adapters.postgres.pools import Pools, open_pools
from rehearsal.embedded import (
    EmbeddedPostgres,
    EmbeddedRedis,
    start_postgres,
    start_redis,
)

TEMPLATE = "template_migrated"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A running server. Stop it only if you start one of your own."""
    server = start_postgres(tmp_path_factory.mktemp("postgres"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A running Redis; FLUSHALL is yours whenever you like."""
    server = start_redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template_database(postgres_server: EmbeddedPostgres) -> str:
    """The name of a migrated, empty database to be copied."""
    asyncio.run(_make_template(postgres_server))
    return TEMPLATE


@pytest.fixture(scope="module")
def database_url(postgres_server: EmbeddedPostgres, template_database: str) -> Iterator[str]:
    """A migrated, empty database of the module's own; the login is `chargechase`, its owner."""
    name = f"test_{next(_numbers)}"
    asyncio.run(copy_database(postgres_server, template_database, name))
    yield postgres_server.url(name)
    asyncio.run(_as_superuser(postgres_server, f"drop database {name} with (force)"))


@pytest.fixture(scope="module")
async def postgres_pools(database_url: str) -> AsyncIterator[Pools]:
    """The app's pools on the module's database."""
    async with open_pools(database_url) as pools:
        yield pools


async def copy_database(server: EmbeddedPostgres, template: str, name: str) -> None:
    """A new database like `template`, which nobody may be using: 0.1 s by WAL, 3 s by files."""
    await _as_superuser(
        server, f"create database {name} template {template} owner chargechase strategy wal_log"
    )


async def _make_template(server: EmbeddedPostgres) -> None:
    await _as_superuser(server, f"create database {TEMPLATE} owner chargechase")
    await migrate(server.url(TEMPLATE))


async def _as_superuser(server: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres", "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
