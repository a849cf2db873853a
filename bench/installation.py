"""An installation of its own to measure: Postgres and Redis in a temporary folder, one merchant,
and the processes as they ship."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg

from adapters.postgres.migrate import migrate
from bench.machine import cpu_seconds
from rehearsal.embedded import EmbeddedPostgres, start_postgres

ROOT: Final = Path(__file__).parents[1]
ACCOUNT: Final = "acct_1Nv0FGQ9RKHgCVdK"
MERCHANT: Final = """
with merchant as (
    insert into merchants (merchant_id, name, timezone)
    values (gen_random_uuid(), 'Backhaus Lindner', 'Europe/Berlin') returning merchant_id
)
insert into stripe_accounts (merchant_id, account, livemode, own)
select merchant_id, $1, true, true from merchant
"""
STARTED_WITHIN_S: Final = 60.0
STOPPED_WITHIN_S: Final = 20.0


class Installation:
    """A migrated database with one merchant. `webhook_secret` signs deliveries."""

    def __init__(self, folder: Path, postgres: EmbeddedPostgres) -> None:
        self.folder, self.postgres = folder, postgres
        self.webhook_secret = f"whsec_{secrets.token_hex(16)}"

    @property
    def owner_url(self) -> str:
        return self.postgres.url(user="postgres")

    def postgres_cpu_s(self) -> float:
        """Seconds that all of Postgres has worked, background writers included."""
        return cpu_seconds(self.postgres.process.pid)

    def query(self, statement: str, *values: Any) -> Any:
        """Run one statement as the owner; its first value."""

        async def ask() -> Any:
            connection = await asyncpg.connect(self.owner_url)
            try:
                return await connection.fetchval(statement, *values)
            finally:
                await connection.close()

        return asyncio.run(ask())


@contextmanager
def installation() -> Iterator[Installation]:
    """Ready to be measured; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="chargechase-bench-"))
    try:
        postgres = start_postgres(folder)
        try:
            found = Installation(folder, postgres)
            asyncio.run(migrate(found.owner_url))
            found.query(MERCHANT, ACCOUNT)
            yield found
        finally:
            postgres.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Web:
    """The web process as it ships: a granian master and its worker."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def cpu_s(self) -> float:
        return cpu_seconds(self.process.pid)


@contextmanager
def web(of: Installation, extra: Mapping[str, str] | None = None) -> Iterator[Web]:
    """`chargechase web`, answering."""
    port = free_port()
    log = of.folder / "web.log"
    with log.open("ab") as told, running(_web_environ(of, port) | dict(extra or {}), told) as child:
        await_answer(child, port, log)
        yield Web(child, port)


def _web_environ(of: Installation, port: int) -> dict[str, str]:
    ours = {name: text for name, text in os.environ.items() if not name.startswith("CHARGECHASE_")}
    return ours | {
        "CHARGECHASE_DATABASE_URL": of.postgres.url(),
        "CHARGECHASE_BASE_URL": f"http://127.0.0.1:{port}",
        "CHARGECHASE_PORT": str(port),
        "CHARGECHASE_SECRET_KEYS": secrets.token_hex(32),
        "CHARGECHASE_STRIPE_API_KEY": f"sk_test_{secrets.token_hex(12)}",
        "CHARGECHASE_STRIPE_WEBHOOK_SECRETS": of.webhook_secret,
    }


@contextmanager
def running(environ: Mapping[str, str], told: Any) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m wiring web` until the block ends."""
    argv = [sys.executable, "-m", "wiring", "web"]
    child = subprocess.Popen(
        argv, cwd=ROOT, env=environ, stdout=told, stderr=told, start_new_session=True
    )
    try:
        yield child
    finally:
        stop(child)


def stop(child: subprocess.Popen[bytes]) -> None:
    """In order, and by force if that does not help."""
    child.terminate()
    try:
        child.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def await_answer(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when the server takes connections and answers; RuntimeError if it dies or sleeps."""
    deadline = time.monotonic() + STARTED_WITHIN_S
    while not _answers(port):
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")
        time.sleep(0.02)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as visitor:
            visitor.sendall(b"GET /health/live HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
            return visitor.recv(16).startswith(b"HTTP/1.")
    except OSError:
        return False


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
