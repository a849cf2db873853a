"""One Postgres and one Redis for the whole run; a database of its own for each module of tests."""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

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
def servers_folder() -> Iterator[Path]:
    """Not pytest's own folder: another run closes that to the account that root lends Postgres."""
    with tempfile.TemporaryDirectory(prefix="chargechase-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server(servers_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A running server for all; whoever must stop or kill one starts one of their own."""
    server = start_postgres(servers_folder / "postgres")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_server(servers_folder: Path) -> Iterator[EmbeddedRedis]:
    """A running Redis for all; FLUSHALL is yours whenever you like."""
    server = start_redis(servers_folder / "redis")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template_database(postgres_server: EmbeddedPostgres) -> str:
    """The name of a migrated, empty database to be copied."""
    asyncio.run(_make_template(postgres_server))
    return TEMPLATE


@pytest.fixture(scope="module")
def database_url(postgres_server: EmbeddedPostgres, template_database: str) -> str:
    """A migrated, empty database of the module's own; the login is `chargechase`, its owner."""
    name = f"test_{next(_numbers)}"
    asyncio.run(copy_database(postgres_server, template_database, name))
    return postgres_server.url(name)  # goes with the server: DROP would wait for a checkpoint


@pytest.fixture(scope="module")
async def postgres_pools(database_url: str) -> AsyncIterator[Pools]:
    """The app's pools on the module's database."""
    async with open_pools(database_url) as pools:
        yield pools


async def copy_database(server: EmbeddedPostgres, template: str, name: str) -> None:
    """A new database like `template`, which nobody may be using: 0.1 s by WAL, 3 s by files."""
    await as_superuser(
        server, f"create database {name} template {template} owner chargechase strategy wal_log"
    )


async def _make_template(server: EmbeddedPostgres) -> None:
    await as_superuser(server, f"create database {TEMPLATE} owner chargechase")
    await migrate(server.url(TEMPLATE))


async def as_superuser(server: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(server.url("postgres", "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
