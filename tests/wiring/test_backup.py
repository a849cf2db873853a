"""Backup and restore on a real Postgres: what comes back is what was there, or nothing is said."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from rehearsal.embedded import EmbeddedPostgres
from tests.conftest import as_superuser
from wiring.backup import STAMP, backup
from wiring.postgres_tools import BackupFailed, without_password
from wiring.restore import restore
from wiring.retention import Keep
from wiring.settings import Settings

KEEP = Keep(days=2, weeks=0, months=0)
ACME = UUID(int=1)
ROWS = f"""
    INSERT INTO merchants (merchant_id, name, timezone)
    VALUES ('{ACME}', 'Acme Ünïcode', 'Europe/Berlin');
    INSERT INTO policies (merchant_id, version, body) VALUES ('{ACME}', 1, '{{"window": 14}}');
    INSERT INTO customers (merchant_id, account, customer_id, email)
    SELECT '{ACME}', 'acct_1', 'cus_' || n, 'customer' || n || '@example.test'
    FROM generate_series(1, 500) AS n;
    INSERT INTO inbox_bodies (merchant_id, seq, arrived_on, dictionary, body)
    VALUES ('{ACME}', 1, current_date, 1, '\\x00ff');
"""


async def new_database(
    server: EmbeddedPostgres, name: str, like: str = "template1", owner: str = "chargechase"
) -> str:
    """A database's URL for its owner."""
    await as_superuser(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await as_superuser(
        server, f"CREATE DATABASE {name} TEMPLATE {like} OWNER {owner} STRATEGY wal_log"
    )
    return server.url(name, owner)


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def shop(postgres_server: EmbeddedPostgres, template_database: str) -> Settings:
    """An installation with a merchant and customers. Its owner is no superuser."""
    url = await new_database(postgres_server, "shop", like=template_database)
    await execute(url, ROWS)
    return Settings(owner_database_url=url)


@pytest.fixture
async def empty(postgres_server: EmbeddedPostgres) -> str:
    return await new_database(postgres_server, "empty")


def files_in(folder: Path) -> list[str]:
    return sorted(path.suffix for path in folder.iterdir() if path.name != ".lock")


def open_to_others(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.stat().st_mode & 0o077]


async def test_what_was_backed_up_comes_back_the_same(
    shop: Settings, empty: str, tmp_path: Path
) -> None:
    made = await backup(shop, tmp_path, KEEP)

    restored = await restore(made.file, empty)

    assert restored.differences == ()
    assert made.manifest.tables["public.customers"].rows == 500
    assert made.manifest.tables["public.migration"].rows >= 1
    assert files_in(tmp_path) == [".dump", ".json", ".sha256"]
    assert open_to_others(tmp_path) == []


async def test_a_superuser_can_do_both(
    postgres_server: EmbeddedPostgres, shop: Settings, tmp_path: Path
) -> None:
    await new_database(postgres_server, "empty", owner="postgres")
    as_postgres = Settings(owner_database_url=postgres_server.url("shop", "postgres"))

    made = await backup(as_postgres, tmp_path, KEEP)
    restored = await restore(made.file, postgres_server.url("empty", "postgres"))

    assert made.manifest.tables["public.customers"].rows == 500
    assert restored.differences == ()


async def test_a_login_that_sees_half_of_the_rows_is_refused(
    postgres_server: EmbeddedPostgres, shop: Settings, tmp_path: Path
) -> None:
    await execute(
        shop.owner_database_url,
        "DO $$ BEGIN CREATE ROLE passer_by LOGIN; EXCEPTION WHEN duplicate_object THEN END $$",
    )
    passer_by = Settings(owner_database_url=postgres_server.url("shop", "passer_by"))

    with pytest.raises(BackupFailed, match="may not see every row"):
        await backup(passer_by, tmp_path, KEEP)

    assert files_in(tmp_path) == []


@pytest.mark.parametrize("place", [0, 0.5, -1])
async def test_a_flipped_byte_is_refused_and_nothing_is_restored(
    shop: Settings, empty: str, tmp_path: Path, place: float
) -> None:
    made = await backup(shop, tmp_path, KEEP)
    damaged = bytearray(made.file.read_bytes())
    damaged[int(place * len(damaged)) if place >= 0 else -1] ^= 1
    made.file.write_bytes(damaged)

    with pytest.raises(BackupFailed, match="damaged"):
        await restore(made.file, empty)

    assert await tables_of(empty) == 0


@pytest.mark.parametrize("suffix", [".json", ".sha256"])
async def test_a_dump_without_its_checksum_or_manifest_is_refused(
    shop: Settings, empty: str, tmp_path: Path, suffix: str
) -> None:
    made = await backup(shop, tmp_path, KEEP)
    made.file.with_suffix(suffix).unlink()

    with pytest.raises(BackupFailed, match="side by side"):
        await restore(made.file, empty)


async def test_a_database_that_holds_something_is_kept_unless_it_is_to_be_replaced(
    shop: Settings, empty: str, tmp_path: Path
) -> None:
    made = await backup(shop, tmp_path, KEEP)
    await restore(made.file, empty)
    await execute(empty, "DELETE FROM customers; CREATE TABLE stranger (id int)")

    with pytest.raises(BackupFailed, match="--replace"):
        await restore(made.file, empty)
    restored = await restore(made.file, empty, replace=True)

    assert restored.differences == ()


async def test_a_restore_that_fails_half_way_leaves_the_database_as_it_was(
    shop: Settings, empty: str, tmp_path: Path
) -> None:
    await execute(empty, "CREATE TABLE public.kept (id int); CREATE SCHEMA apart")
    await execute(shop.owner_database_url, "CREATE SCHEMA apart; CREATE TABLE apart.odd (id int)")
    made = await backup(shop, tmp_path, KEEP)

    with pytest.raises(BackupFailed, match=r"psql failed.*already exists"):
        await restore(made.file, empty, replace=True)

    assert await tables_of(empty) == 1


async def test_a_difference_is_told_by_its_table(
    shop: Settings, empty: str, tmp_path: Path
) -> None:
    made = await backup(shop, tmp_path, KEEP)
    manifest = made.file.with_suffix(".json")
    noted = json.loads(manifest.read_text())
    noted["tables"]["public.customers"]["digest"] = "1"
    noted["tables"]["public.merchants"]["rows"] = 7
    del noted["tables"]["public.links"]
    noted["tables"]["public.tills"] = {"rows": 1, "digest": "1"}
    manifest.write_text(json.dumps(noted))

    restored = await restore(made.file, empty)

    assert restored.differences == (
        "public.customers has other content in its 500 rows",
        "public.links is not in the backup",
        "public.merchants has 1 rows instead of 7",
        "public.tills is missing",
    )


async def test_old_backups_go_and_other_peoples_files_stay(shop: Settings, tmp_path: Path) -> None:
    for days in (1, 2, 3):
        stamp = (datetime.now(UTC) - timedelta(days=days)).strftime(STAMP)
        for suffix in (".dump", ".json", ".sha256"):
            (tmp_path / f"chargechase-{stamp}{suffix}").touch()
    (tmp_path / "chargechase-notes.dump").touch()
    (tmp_path / "chargechase-20260101T000000.000000Z.dump.partial").touch()

    made = await backup(shop, tmp_path, KEEP)

    assert len(made.dropped) == 2
    assert files_in(tmp_path) == [".dump"] * 3 + [".json"] * 2 + [".sha256"] * 2


async def test_a_database_that_does_not_answer_leaves_no_file(tmp_path: Path) -> None:
    nowhere = Settings(owner_database_url="postgresql://ada@127.0.0.1:1/chargechase")

    with pytest.raises(BackupFailed):
        await backup(nowhere, tmp_path, KEEP)

    assert files_in(tmp_path) == []


def test_a_password_is_not_put_where_the_process_list_shows_it() -> None:
    url = "postgresql://ada:p%40ss@db:5432/chargechase?sslmode=require"

    assert without_password(url) == "postgresql://ada@db:5432/chargechase?sslmode=require"


async def tables_of(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(
            await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        )
    finally:
        await connection.close()
