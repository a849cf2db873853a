"""One Postgres and one Redis for the whole run; a database of its own for each module of tests."""

import asyncio
import itertools
import os
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
from tests.browser.chromium import CACHE, MISSING, find_chromium

BROWSER = Path(__file__).parent / "browser"
TEMPLATE = "template_migrated"
_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Found, or fetched, once for all processes that share the tests among them."""
    first = not hasattr(config, "workerinput")
    if first and any(_covers(Path(named.split("::")[0])) for named in config.args):
        found = find_chromium(CACHE)
        if found is not None:
            os.environ["CHROMIUM"] = found


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Loud, where the tests in a browser were to run and none was found."""
    wanted = any(_covers(Path(named.split("::")[0])) for named in config.args)
    if wanted and "CHROMIUM" not in os.environ:
        terminalreporter.write_line(MISSING, red=True, bold=True)


def _covers(named: Path) -> bool:
    """Whether the tests in a browser are among those under `named`."""
    path = named.absolute()
    return path in {BROWSER, *BROWSER.parents} or BROWSER in path.parents


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
