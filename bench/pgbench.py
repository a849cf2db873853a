"""The yardstick: Postgres' own benchmark, committing one row a transaction."""

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from msgspec import Struct

from bench.events import bodies
from bench.machine import cpu_seconds
from rehearsal.embedded import EmbeddedPostgres, postgres_binary

TABLE: Final = """
drop table if exists bench_commits;
create table bench_commits (event_id bigint primary key, body text not null);
"""
SCRIPT: Final = """
\\set event_id random(1, 9000000000000000000)
insert into bench_commits (event_id, body) values (:event_id, :body);
"""


class Commits(Struct, frozen=True, kw_only=True):
    """What pgbench reached."""

    per_second: float
    mean_ms: float
    cpu_ms: float  # of Postgres, per commit


def create_table(postgres: EmbeddedPostgres) -> None:
    run(postgres, "psql", "-qc", TABLE)


def single_row_commits(postgres: EmbeddedPostgres, clients: int, seconds: int) -> Commits:
    """Rows with the body that webhooks carry; the statement is prepared, as anybody would."""
    body = next(bodies(seed=0)).decode()
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SCRIPT)
        script.flush()
        Path(script.name).chmod(0o644)
        options = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds)]
        before = cpu_seconds(postgres.process.pid)
        told = run(postgres, "pgbench", *options, "-f", script.name, "-D", f"body={body}")
        used = cpu_seconds(postgres.process.pid) - before
    done = int(_number(r"processed: (\d+)", told))
    return Commits(
        per_second=_number(r"tps = ([\d.]+)", told),
        mean_ms=_number(r"latency average = ([\d.]+)", told),
        cpu_ms=used / done * 1e3,
    )


def run(postgres: EmbeddedPostgres, program: str, *arguments: str) -> str:
    """One of Postgres' programs on the installation's database, as its superuser."""
    environment = {
        **os.environ,
        "PGHOST": str(postgres.home.sockets),
        "PGUSER": "postgres",
        "PGDATABASE": "chargechase",
    }
    argv = [str(postgres_binary(program)), *arguments]
    done = subprocess.run(argv, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found, f"pgbench said nothing of {pattern}: {text}"
    return float(found[1])
