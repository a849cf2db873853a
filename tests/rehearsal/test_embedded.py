"""Embedded Postgres and Redis, really started: in fresh, killed, closed and odd folders."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from rehearsal.embedded import (
    EmbeddedError,
    EmbeddedPostgres,
    PostgresHome,
    RedisHome,
    postgres_binary,
    start_postgres,
    start_redis,
)
from rehearsal.embedded.leftovers import heads
from rehearsal.embedded.process import start, stop


@pytest.fixture
def folder() -> Iterator[Path]:
    """As `mktemp -d` makes it: closed to everybody else, and short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="cc-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def postgres_in(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = start_postgres(folder)
    try:
        yield server
    finally:
        server.stop()
        if not server.home.sockets.is_relative_to(folder.resolve()):
            shutil.rmtree(server.home.sockets)


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def tell(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_it_starts_in_a_folder_that_is_closed_to_others(folder: Path) -> None:
    with postgres_in(folder / "deep" / "data") as server:
        assert await ask(server.url(), "SELECT 1") == 1


def test_widening_lets_others_pass_through_but_not_look(folder: Path) -> None:
    with postgres_in(folder / "data"):
        others = stat.S_IMODE(folder.stat().st_mode) & 0o077
        assert others in (0, stat.S_IXOTH)


async def test_the_app_s_login_is_no_superuser_and_owns_its_database(folder: Path) -> None:
    with postgres_in(folder) as server:
        role = (
            "SELECT rolsuper::text || rolbypassrls || rolcreatedb"
            " FROM pg_roles WHERE rolname = current_user"
        )
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'chargechase'"
        assert await ask(server.url(), role) == "falsefalsefalse"
        assert await ask(server.url(), owner) == "chargechase"
        assert await ask(server.url(user="postgres"), "SELECT current_user") == "postgres"


@pytest.mark.parametrize("role", ["chargechase_app", "chargechase_system"])
async def test_the_app_s_login_may_become_what_the_app_works_as(folder: Path, role: str) -> None:
    with postgres_in(folder) as server:
        settings = {"role": role}
        connection = await asyncpg.connect(server.url(), server_settings=settings)
        assert await connection.fetchval("SELECT current_user") == role
        await connection.close()


async def test_a_commit_is_on_disk_before_it_is_answered_and_text_is_utf8(folder: Path) -> None:
    with postgres_in(folder) as server:
        shown = {
            name: await ask(server.url(), f"SHOW {name}")
            for name in ("fsync", "synchronous_commit", "full_page_writes", "server_encoding")
        }
        locale = "SELECT datlocale FROM pg_database WHERE datname = current_database()"
        assert list(shown.values()) == ["on", "on", "on", "UTF8"]
        assert await ask(server.url(), locale) == "C.UTF-8"
        assert await ask(server.url(), "SHOW listen_addresses") == ""


async def test_a_killed_server_starts_again_with_what_was_committed(folder: Path) -> None:
    server = start_postgres(folder)
    await tell(server.url(), "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    server.lock.release()
    with postgres_in(folder) as again:
        assert await ask(again.url(), "SELECT n FROM kept") == 7


async def test_a_stale_pid_file_that_names_a_living_stranger_is_no_hindrance(folder: Path) -> None:
    start_postgres(folder).stop()
    stale = folder / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getppid()}\n{folder / 'postgres'}\n1\n5432\n\n\n\nready\n")
    with postgres_in(folder) as server:
        assert await ask(server.url(), "SELECT 1") == 1


async def test_of_a_server_and_its_children_only_the_server_is_told_to_end(folder: Path) -> None:
    with postgres_in(folder) as server:
        children = [child.pid for child in psutil.Process(server.process.pid).children()]
        assert children
        assert heads([*children, server.process.pid]) == [server.process.pid]
        assert heads(children) == children


async def test_a_server_that_outlived_its_run_is_ended_and_replaced(folder: Path) -> None:
    orphan = start_postgres(folder)
    orphan.lock.release()  # its supervisor is gone; the server has not noticed
    with postgres_in(folder) as server:
        assert orphan.process.wait(10) == 0
        assert await ask(server.url(), "SELECT 1") == 1


def test_a_folder_in_use_is_refused_in_one_line(folder: Path) -> None:
    with postgres_in(folder), pytest.raises(EmbeddedError) as refusal:
        start_postgres(folder)
    assert "in use by another run" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_start_that_was_cut_short_leaves_no_half_made_cluster(folder: Path) -> None:
    (folder / "postgres.new").mkdir()
    (folder / "postgres.new" / "PG_VERSION").write_text("18\n")
    with postgres_in(folder) as server:
        assert server.process.poll() is None
    assert not (folder / "postgres.new").exists()


def test_data_of_another_postgres_is_told_and_left_alone(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(EmbeddedError, match="made by Postgres 15, not 18"):
        start_postgres(folder)


def test_a_path_too_long_for_a_socket_gets_its_sockets_elsewhere(folder: Path) -> None:
    long = folder / ("customers-who-pay-late-" * 5)
    home = PostgresHome.within(long)
    assert not home.sockets.is_relative_to(long)
    assert len(str(home.sockets / ".s.PGSQL.5432.lock")) <= 100
    assert stat.S_IMODE(home.sockets.stat().st_mode) == 0o700
    home.sockets.rmdir()


async def test_it_runs_in_a_folder_with_a_long_and_odd_name(folder: Path) -> None:
    odd = folder / ('Ada\'s cash, 100% "safe" ' * 4) / "däta"
    with postgres_in(odd) as server:
        assert await ask(server.url(), "SELECT 1") == 1
        redis_server = start_redis(odd)
        try:
            assert redis.Redis.from_url(redis_server.url()).ping()
        finally:
            redis_server.stop()


@pytest.mark.parametrize("name", ["50% ünsafe 'x'", "one, two", 'a "quoted" b?c=d&e#f'])
async def test_a_short_folder_with_an_odd_name_works_too(folder: Path, name: str) -> None:
    with postgres_in(folder / name) as server:
        assert await ask(server.url(), "SELECT 1") == 1


def test_the_server_dies_with_the_process_that_started_it(folder: Path) -> None:
    if sys.platform != "linux":
        return  # elsewhere the next start ends what was left
    program = (
        "import sys, pathlib; from rehearsal.embedded import start_postgres;"
        f"s = start_postgres(pathlib.Path({str(folder)!r})); print(s.process.pid, flush=True);"
        "sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{server}").exists():
        assert time.monotonic() < deadline, "Postgres outlived its parent"
        time.sleep(0.02)


def test_the_wheel_s_other_programs_run(folder: Path) -> None:
    for name in ("pg_dump", "pg_restore", "pgbench", "psql"):
        done = subprocess.run(
            [postgres_binary(name), "--version"], check=True, capture_output=True, text=True
        )
        assert " 18." in done.stdout


def test_redis_answers_and_a_stale_socket_is_no_hindrance(folder: Path) -> None:
    killed = start_redis(folder)
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.process.wait()
    again = start_redis(folder)
    try:
        assert redis.Redis.from_url(again.url()).ping()
    finally:
        again.stop()


def test_redis_in_python_takes_over_where_no_real_one_is(folder: Path) -> None:
    there = RedisHome.within(folder)
    home = RedisHome(there.folder, None, there.path, _free_port())
    process = start(home.server(), folder / "logs" / "redis.log")
    try:
        client = redis.Redis.from_url(home.url())
        assert client.eval("return redis.call('incr', KEYS[1])", 1, "rings") == 1
    finally:
        stop(process, signal.SIGTERM)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
