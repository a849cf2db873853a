"""Postgres' own programs: those that fit the server, and no password where others can see it."""

import asyncio
import os
import re
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from wiring.setting_kinds import password_of

MAX_SAID_CHARS: Final = 500
PIPE_BYTES: Final = 1_048_576


class BackupFailed(Exception):
    """Nothing was written or changed; the text says why, in one line."""


def in_one_line(error: Exception) -> str:
    """What Postgres or the system said, or that there is no server to say anything."""
    if isinstance(error, (ConnectionError, FileNotFoundError, TimeoutError)):
        return f"Postgres does not answer ({type(error).__name__})."
    return f"{type(error).__name__}: {error}".splitlines()[0]


async def dump(url: str, file: Path, snapshot: str, *options: str, at_least: int) -> int:
    """Write a dump of what `snapshot` sees; the major version of the pg_dump that wrote it."""
    path, version = await _find("pg_dump", at_least)
    arguments = ("--format=custom", f"--snapshot={snapshot}", f"--file={file}", *options)
    async with _running(path, f"--dbname={without_password(url)}", *arguments, url=url) as process:
        said = asyncio.create_task(_last_words(process))
        _refuse_failure("pg_dump", await process.wait(), await said)
    return version


async def load(file: Path, url: str, prelude: str, *, at_least: int) -> None:
    """Run `prelude` and everything in the dump in one transaction: all of it, or nothing.

    pg_restore writes the statements, psql runs them; the COMMIT is ours, and is sent only when
    pg_restore said that it came to the end.
    """
    reader_path, version = await _find("pg_restore", at_least)
    writer_path, _ = await _find("psql", version)
    strictly = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1")
    target = f"--dbname={without_password(url)}"
    async with (
        _running(reader_path, "--no-owner", "--file=-", str(file), stdout=PIPE) as reader,
        _running(writer_path, target, *strictly, url=url, stdin=PIPE) as writer,
    ):
        said = [asyncio.create_task(_last_words(process)) for process in (reader, writer)]
        assert writer.stdin is not None
        with suppress(ConnectionError):  # psql gave up; its exit code and words say why
            await _pour(reader, writer.stdin, prelude)
        writer.stdin.close()
        _refuse_failure("psql", await writer.wait(), await said[1])
        _refuse_failure("pg_restore", await reader.wait(), await said[0])


def without_password(url: str) -> str:
    """The same URL, its login without the password."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=login.partition(":")[0] + at + host))


async def _pour(reader: Process, into: asyncio.StreamWriter, prelude: str) -> None:
    assert reader.stdout is not None
    into.write(f"BEGIN;\n{prelude}\n".encode())
    while data := await reader.stdout.read(PIPE_BYTES):
        into.write(data)
        await into.drain()
    if await reader.wait() == 0:
        into.write(b"\nCOMMIT;\n")
        await into.drain()


@asynccontextmanager
async def _running(
    path: Path, *arguments: str, url: str = "", stdin: int = DEVNULL, stdout: int = DEVNULL
) -> AsyncIterator[Process]:
    """A program that does not outlive the block. The password goes by the environment: a command
    line is for everybody to read."""
    environ = os.environ | {"PGPASSWORD": unquote(password_of(url)), "PGCONNECT_TIMEOUT": "10"}
    process = await asyncio.create_subprocess_exec(
        str(path), *arguments, env=environ, stdin=stdin, stdout=stdout, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _last_words(process: Process) -> str:
    """The line that says what went wrong, among notices."""
    assert process.stderr is not None
    said = await process.stderr.read()
    lines = said.decode(errors="replace").strip().splitlines() or ["it said nothing"]
    telling = next((line for line in lines if re.search("error|fatal", line, re.I)), lines[0])
    return telling[:MAX_SAID_CHARS]


def _refuse_failure(program: str, code: int, said: str) -> None:
    if code != 0:
        raise BackupFailed(f"{program} failed: {said}")


async def _find(program: str, at_least: int) -> tuple[Path, int]:
    """A dump is read and written by programs that are no older than the server."""
    found: list[int] = []
    for path in _candidates(program):
        version = await _major_version(path)
        if version >= at_least:
            return path, version
        found.append(version)
    older = f"; found only {', '.join(map(str, found))}" if found else ""
    raise BackupFailed(f"{program} of Postgres {at_least} or newer is needed on PATH{older}.")


def _candidates(program: str) -> list[Path]:
    on_path = shutil.which(program)
    paths = [Path(on_path)] if on_path else []
    try:
        from rehearsal.embedded import EmbeddedError, postgres_binary  # noqa: PLC0415 - dev only
    except ImportError:
        return paths
    try:
        return [*paths, postgres_binary(program)]
    except EmbeddedError:
        return paths


async def _major_version(path: Path) -> int:
    """0 for a program that does not run here."""
    try:
        process = await asyncio.create_subprocess_exec(str(path), "--version", stdout=PIPE)
    except OSError:
        return 0
    said, _ = await process.communicate()
    number = re.search(rb"\) (\d+)", said)
    return int(number[1]) if number else 0
