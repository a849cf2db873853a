"""Bringing a database up to date. Piccolo keeps the list of what has run."""

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, redirect_stdout
from io import StringIO
from typing import Final

import asyncpg
from piccolo.apps.migrations.commands.forwards import run_forwards
from piccolo.apps.migrations.tables import Migration

from adapters.postgres import piccolo_conf
from adapters.postgres.partitions import AHEAD_DAYS, KEEP_DAYS, TEND
from adapters.postgres.tables import QuietEngine

APP: Final = "postgres"
LOCK: Final = 0x63686172676531  # "charge1": one migrator at a time in one database
LOCK_TIMEOUT: Final = "5s"  # a migration that must wait longer gives up and is run again


class MigrationFailed(Exception):
    """Nothing of the failed migration was kept; the text says what Postgres said."""


async def migrate(owner_url: str) -> None:
    """Run every migration that has not run yet, each in one transaction, and make the inbox's
    partitions for the coming days. Twice is harmless; two at once wait for one another."""
    try:
        async with _alone(owner_url) as connection:
            await _run(owner_url)
            await connection.execute(TEND, AHEAD_DAYS, KEEP_DAYS)
    except asyncpg.PostgresError as error:
        raise MigrationFailed(str(error)) from error


async def _run(owner_url: str) -> None:
    piccolo_conf.DB = QuietEngine(
        config={"dsn": owner_url, "server_settings": {"lock_timeout": LOCK_TIMEOUT}}
    )
    Migration._meta.db = piccolo_conf.DB
    os.environ["PICCOLO_CONF"] = piccolo_conf.__name__
    with redirect_stdout(StringIO()):  # the runner prints; we speak through exceptions
        result = await run_forwards(APP)
    if not result.success:
        raise MigrationFailed(result.message or "Piccolo does not say why")


@asynccontextmanager
async def _alone(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        yield connection
    finally:
        await connection.close()  # and with it the lock


async def run_scripts(scripts: Iterable[str]) -> None:
    """For a migration: run SQL scripts in its transaction."""
    transaction = piccolo_conf.DB.current_transaction.get()
    assert transaction is not None, "the runner opens a transaction around each migration"
    for script in scripts:
        await transaction.connection.execute(script)
