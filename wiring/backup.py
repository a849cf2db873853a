"""`chargechase backup`: a dump, its checksum, and a manifest of what must come back out of it."""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import asyncpg
import msgspec
from msgspec import Struct

from wiring.postgres_tools import BackupFailed, dump, in_one_line
from wiring.retention import Keep, to_keep
from wiring.settings import Settings
from wiring.table_digests import TableDigest, bypasses_row_security, read_digests

FORMAT: Final = 1
STAMP: Final = "%Y%m%dT%H%M%S.%fZ"
PREFIX: Final = "chargechase-"
SUFFIXES: Final = (".dump", ".sha256", ".json")  # the dump first: without it the others are nothing
PARTIAL: Final = ".partial"
READ_BYTES: Final = 1_048_576


class Manifest(Struct, frozen=True, kw_only=True):
    """What a dump holds; read back by `restore`."""

    format: int
    made_at: datetime
    server_version: int  # major
    program_version: int  # major version of the pg_dump that wrote it
    size_bytes: int
    sha256: str
    tables: dict[str, TableDigest]


class BackupMade(Struct, frozen=True, kw_only=True):
    """What came of it, for the person who asked."""

    file: Path
    manifest: Manifest
    dropped: tuple[Path, ...]  # dumps that retention let go


async def backup(settings: Settings, folder: Path, keep: Keep) -> BackupMade:
    """Dump the database into `folder` and thin out what lies there.

    The three files appear whole or not at all. The login (`owner_database_url`) must see every
    row: the one that migrates does. Raises BackupFailed.
    """
    try:
        with _only_one(folder):
            made_at = datetime.now(UTC)
            file = folder / f"{PREFIX}{made_at.strftime(STAMP)}.dump"
            manifest = await _dump(settings.owner_database_url, file, made_at)
            await asyncio.to_thread(_publish, file, manifest)
            return BackupMade(file=file, manifest=manifest, dropped=_thin_out(folder, keep))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise BackupFailed(in_one_line(error)) from error


def checksum_of(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def sidecar(file: Path, suffix: str) -> Path:
    """The checksum or manifest that belongs to a dump."""
    return file.with_name(file.name.removesuffix(".dump") + suffix)


async def _dump(url: str, file: Path, made_at: datetime) -> Manifest:
    """The dump and the digests see one and the same snapshot, however busy the database is."""
    partial = file.with_name(file.name + PARTIAL)
    connection = await asyncpg.connect(url, timeout=10)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            server = connection.get_server_version().major
            # The owner's policy lets it see all rows, so they need not be hidden from it.
            options = () if await bypasses_row_security(connection) else ("--enable-row-security",)
            program = await dump(url, partial, snapshot, *options, at_least=server)
            tables = await read_digests(connection)
    finally:
        await connection.close(timeout=10)
    return Manifest(
        format=FORMAT,
        made_at=made_at,
        server_version=server,
        program_version=program,
        size_bytes=partial.stat().st_size,
        sha256=await asyncio.to_thread(checksum_of, partial),
        tables=tables,
    )


def _publish(file: Path, manifest: Manifest) -> None:
    """Everything reaches the disk before anything gets its name; the dump gets its name last."""
    contents = {
        ".json": msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n",
        ".sha256": f"{manifest.sha256}  {file.name}\n".encode(),
    }
    for suffix, content in contents.items():
        _partial_of(file, suffix).write_bytes(content)
    for suffix in reversed(SUFFIXES):
        partial = _partial_of(file, suffix)
        partial.chmod(0o600)
        _sync(partial)
    for suffix in reversed(SUFFIXES):
        _partial_of(file, suffix).rename(sidecar(file, suffix))
    _sync(file.parent)


def _partial_of(file: Path, suffix: str) -> Path:
    named = sidecar(file, suffix)
    return named.with_name(named.name + PARTIAL)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _thin_out(folder: Path, keep: Keep) -> tuple[Path, ...]:
    """Touches nothing that does not bear a name of ours."""
    dumps = dict(_dumps(folder))
    kept = to_keep(dumps, keep)
    gone = [dumps[made_at] for made_at in sorted(dumps.keys() - kept)]
    for file in gone:
        for suffix in SUFFIXES:
            sidecar(file, suffix).unlink(missing_ok=True)
    return tuple(gone)


def _dumps(folder: Path) -> Iterator[tuple[datetime, Path]]:
    for file in folder.glob(f"{PREFIX}*.dump"):
        try:
            made_at = datetime.strptime(file.stem.removeprefix(PREFIX), "%Y%m%dT%H%M%S.%f%z")
        except ValueError:
            continue
        yield made_at, file


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Two backups into one folder would thin out each other's. One that fails leaves nothing, and
    what a killed one left goes here."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupFailed("Another backup into this folder is running.") from None
        _clear_partials(folder)
        try:
            yield
        finally:
            _clear_partials(folder)
    finally:
        os.close(descriptor)


def _clear_partials(folder: Path) -> None:
    for left_over in folder.glob(f"{PREFIX}*{PARTIAL}"):
        left_over.unlink(missing_ok=True)
