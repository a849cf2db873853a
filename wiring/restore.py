"""`chargechase restore`: a dump into another database, and proof that it holds the same."""

import asyncio
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
from msgspec import Struct

from adapters.postgres import migrations
from wiring.backup import FORMAT, Manifest, checksum_of, sidecar
from wiring.postgres_tools import BackupFailed, in_one_line, load
from wiring.table_digests import differences, read_digests, table_names

# Grants and policies name roles, and roles belong to a server, not to a dump.
ROLES: Final = Path(migrations.__file__).parent / "first" / "1_roles.sql"

EMPTIED: Final = """
    DROP SCHEMA public CASCADE;
    CREATE SCHEMA public AUTHORIZATION pg_database_owner;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
"""


class Restored(Struct, frozen=True, kw_only=True):
    """What came of it; `differences` is empty if every table is exactly as it was."""

    manifest: Manifest
    differences: tuple[str, ...]


async def restore(file: Path, into: str, *, replace: bool = False) -> Restored:
    """Restore `file` into the database at the URL `into`, and compare table by table.

    The checksum is verified first. Raises BackupFailed, and then the database is as it was. With
    `replace` a database that holds tables is taken as well, and holds nothing else afterwards.
    """
    manifest = await asyncio.to_thread(verified_manifest, file)
    try:
        connection = await asyncpg.connect(into, timeout=10)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise BackupFailed(f"no database to restore into: {in_one_line(error)}") from error
    try:
        await _prepare(connection, manifest, replace=replace)
        prelude = EMPTIED if replace else ""
        await load(file, into, prelude, at_least=manifest.program_version)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            found = await read_digests(connection)
    except asyncpg.PostgresError as error:
        raise BackupFailed(in_one_line(error)) from error
    finally:
        await connection.close(timeout=10)
    return Restored(manifest=manifest, differences=differences(manifest.tables, found))


def verified_manifest(file: Path) -> Manifest:
    """The manifest of a dump whose bytes are those that were written. Raises BackupFailed."""
    try:
        manifest = msgspec.json.decode(sidecar(file, ".json").read_bytes(), type=Manifest)
        noted = sidecar(file, ".sha256").read_text().split()[0]
        found = checksum_of(file)
    except (OSError, IndexError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise BackupFailed(
            f"{file.name} is not usable: its dump, checksum and manifest must lie side by side "
            f"and be readable ({type(error).__name__})."
        ) from error
    if manifest.format != FORMAT:
        raise BackupFailed(f"{file.name} was made by a newer version of ChargeChase.")
    if not found == noted == manifest.sha256:
        raise BackupFailed(f"{file.name} is damaged: its checksum is not the one that was noted.")
    return manifest


async def _prepare(
    connection: "asyncpg.Connection[Any]", manifest: Manifest, *, replace: bool
) -> None:
    server = connection.get_server_version().major
    if server < manifest.server_version:
        raise BackupFailed(f"The dump is of Postgres {manifest.server_version}, this is {server}.")
    tables = await table_names(connection)
    if tables and not replace:
        raise BackupFailed(
            f"The database holds {len(tables)} tables already; restore into an empty one, "
            "or say --replace."
        )
    await connection.execute(ROLES.read_text())
