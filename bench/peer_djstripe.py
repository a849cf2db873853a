"""dj-stripe storing the same signed event on the same Postgres: row A3.

It comes from its package into an environment of its own, made when it is first wanted.
"""

import hashlib
import os
import random
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct, to_builtins

from bench import intake
from bench.installation import Installation, await_answer, free_port, stop, web
from bench.load import Errand, Seen, Sender, send
from bench.machine import TICK_S, cpu_seconds, load_average
from bench.table import Row, unmeasured

HERE: Final = Path(__file__).parent
LOCK: Final = HERE / "requirements-peer.txt"
NAME, WORK, GOAL = "A3", "CPU per stored event: dj-stripe against ours", ">= 50 x"
DATABASE: Final = "peer"
ENDPOINT: Final = "11111111-2222-4333-8444-555555555555"
WORKERS, THREADS = 2, 4  # of gunicorn: both cores, and somebody there while a query runs
DELIVERIES, QUICK_DELIVERIES, OURS = 500, 20, 15_000
INSTALLED_WITHIN_S: Final = 180


class PeerMissing(Exception):
    """The peer cannot be had here; the text says why."""


def measure(here: Installation, *, quick: bool) -> list[Row]:
    """Row A3."""
    try:
        python = _environment(may_install=not quick)
    except PeerMissing as missing:
        return [unmeasured(NAME, WORK, GOAL, str(missing))]
    theirs = _theirs(here, python, QUICK_DELIVERIES if quick else DELIVERIES)
    ours = _ours(here, QUICK_DELIVERIES if quick else OURS)
    return [_row(ours, theirs)]


class Stored(Struct, frozen=True, kw_only=True):
    """What one of the two reached."""

    seen: Seen
    cpu_ms: float  # per event, Postgres included


def _stored(here: Installation, server: int, warm: Errand, errand: Errand) -> Stored:
    """Send; `server` is the process that answers, counted with its children."""
    send(warm)
    sender = Sender(errand)
    used = cpu_seconds(server) + here.postgres_cpu_s()
    seen = sender.go()
    used = cpu_seconds(server) + here.postgres_cpu_s() - used
    used = max(used, TICK_S)  # the kernel counts in ticks: a short errand can seem to cost nothing
    assert not seen.refused, "every delivery must be accepted"
    return Stored(seen=seen, cpu_ms=used / seen.accepted * 1e3)


def _ours(here: Installation, deliveries: int) -> Stored:
    with web(here) as server:
        warm, errand = (intake.errand(here, server, n) for n in (deliveries // 4, deliveries))
        return _stored(here, server.process.pid, warm, errand)


def _row(ours: Stored, theirs: Stored) -> Row:
    ratio = theirs.cpu_ms / ours.cpu_ms
    return Row(
        name=NAME,
        work=WORK,
        goal=GOAL,
        figure=f"{ratio:.0f} x",
        met=ratio >= 50,
        bound=(
            f"{ours.cpu_ms:.2f} ms against {theirs.cpu_ms:.1f} ms, Postgres included; "
            f"{ours.seen.per_second:.0f}/s against {theirs.seen.per_second:.0f}/s (gunicorn, "
            f"{WORKERS} workers of {THREADS} threads, connections kept, handlers left out): a "
            "dozen statements in several transactions an event there, a share of one here."
        ),
        readings={
            "ours": to_builtins(ours),
            "theirs": to_builtins(theirs),
            "load_average": load_average(),
        },
    )


def _environment(*, may_install: bool) -> Path:
    """The peer's Python; a folder for each state of the lock file, so an old one is not used."""
    state = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / f"chargechase-bench-peer-{state}"
    ready = folder / "ready"
    if not ready.exists():
        if not may_install:
            raise PeerMissing("Its packages are not here, and a smoke test fetches none.")
        _install(folder)
        ready.touch()
    return folder / "bin" / "python"


def _install(folder: Path) -> None:
    try:
        venv.create(folder, with_pip=True, clear=True)
        argv = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run(
            [*argv, "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)],
            check=True,
            capture_output=True,
            timeout=INSTALLED_WITHIN_S,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PeerMissing("dj-stripe could not be installed: no package index here?") from error


def _theirs(here: Installation, python: Path, deliveries: int) -> Stored:
    environ = _environ(here)
    here.query(f"create database {DATABASE}")
    subprocess.run(
        [str(python), "peer_site.py"], cwd=HERE, env=environ, check=True, capture_output=True
    )
    with _gunicorn(here, python, environ) as (server, port):
        warm, errand = (_errand(here, port, n) for n in (deliveries // 4, deliveries))
        return _stored(here, server, warm, errand)


def _environ(here: Installation) -> dict[str, str]:
    return {
        **os.environ,
        "PEER_SECRET": here.webhook_secret,
        "PEER_ENDPOINT": ENDPOINT,
        "PEER_DATABASE": DATABASE,
        "PEER_USER": "postgres",
        "PEER_HOST": str(here.postgres.home.sockets),
    }


@contextmanager
def _gunicorn(
    here: Installation, python: Path, environ: dict[str, str]
) -> Iterator[tuple[int, int]]:
    """Its process and its port."""
    port, log = free_port(), here.folder / "peer.log"
    workers = ["-k", "gthread", "-w", str(WORKERS), "--threads", str(THREADS)]
    argv = [str(python), "-m", "gunicorn", *workers, "--keep-alive", "60", "--log-level", "error"]
    with log.open("ab") as told, tempfile.TemporaryDirectory() as scratch:
        child = subprocess.Popen(
            [*argv, "--worker-tmp-dir", scratch, "-b", f"127.0.0.1:{port}", "peer_site"],
            cwd=HERE,
            env=environ,
            stdout=told,
            stderr=told,
            start_new_session=True,
        )
        try:
            await_answer(child, port, log)
            yield child.pid, port
        finally:
            stop(child)


def _errand(here: Installation, port: int, deliveries: int) -> Errand:
    return Errand(
        port=port,
        path=f"/webhook/{ENDPOINT}/",
        secret=here.webhook_secret,
        deliveries=deliveries,
        connections=min(intake.CONNECTIONS, deliveries, WORKERS * THREADS),
        seed=random.getrandbits(48),
    )
