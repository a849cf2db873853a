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

from msgspec import to_builtins

from bench import intake
from bench.installation import Installation, await_answer, free_port, stop, web
from bench.load import Errand, Seen, send
from bench.machine import load_average
from bench.table import Row, unmeasured

HERE: Final = Path(__file__).parent
LOCK: Final = HERE / "requirements-peer.txt"
NAME, WORK, GOAL = "A3", "acknowledgements against dj-stripe", ">= 50 x"
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
    with web(here) as server:
        send(intake.errand(here, server, QUICK_DELIVERIES if quick else OURS // 4))
        ours = send(intake.errand(here, server, QUICK_DELIVERIES if quick else OURS))
    return [_row(ours, theirs)]


def _row(ours: Seen, theirs: Seen) -> Row:
    ratio = ours.per_second / theirs.per_second
    return Row(
        name=NAME,
        work=WORK,
        goal=GOAL,
        figure=f"{ratio:.0f} x",
        met=ratio >= 50,
        bound=(
            f"{ours.per_second:.0f}/s against {theirs.per_second:.0f}/s (gunicorn, {WORKERS} "
            f"workers of {THREADS} threads, connections kept, handlers left out): a dozen "
            "statements in two transactions an event there, a share of one here."
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


def _theirs(here: Installation, python: Path, deliveries: int) -> Seen:
    environ = _environ(here)
    here.query(f"create database {DATABASE}")
    subprocess.run(
        [str(python), "peer_site.py"], cwd=HERE, env=environ, check=True, capture_output=True
    )
    with _gunicorn(here, python, environ) as port:
        send(_errand(here, port, deliveries // 5))
        seen = send(_errand(here, port, deliveries))
    assert not seen.refused, "the peer must accept every delivery"
    return seen


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
def _gunicorn(here: Installation, python: Path, environ: dict[str, str]) -> Iterator[int]:
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
            yield port
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
