"""Webhook intake beside Postgres' own single-row commits: rows A1, A2, A4 and A5.

The two take turns, so that whatever else the machine does falls on both; the median round counts.
"""

import random
import statistics
from typing import Final

from msgspec import Struct, to_builtins

from bench import pgbench
from bench.installation import Installation, Web, web
from bench.load import Errand, Seen, Sender, send
from bench.machine import load_average
from bench.pgbench import Commits
from bench.table import Row

CONNECTIONS: Final = 64
WAL: Final = "select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
DURABLE: Final = "select current_setting('fsync') || current_setting('synchronous_commit')"


class Scale(Struct, frozen=True, kw_only=True):
    """How much is measured."""

    rounds: int
    deliveries: int  # a round
    pgbench_s: int


FULL: Final = Scale(rounds=4, deliveries=15_000, pgbench_s=4)
QUICK: Final = Scale(rounds=1, deliveries=500, pgbench_s=1)


class Round(Struct, frozen=True, kw_only=True):
    """One turn of each."""

    webhooks: Seen
    commits: Commits
    web_ms: float  # CPU per webhook
    postgres_ms: float
    wal_bytes: float
    load_average: float

    @property
    def cpu_ms(self) -> float:
        return self.web_ms + self.postgres_ms

    @property
    def rate_ratio(self) -> float:
        return self.webhooks.per_second / self.commits.per_second

    @property
    def tail_ratio(self) -> float:
        return self.webhooks.p99_ms / self.commits.mean_ms


def measure(here: Installation, *, quick: bool) -> list[Row]:
    """Rows A1, A2, A4, A5."""
    assert here.query(DURABLE) == "onon", "a commit must be a commit"
    scale = QUICK if quick else FULL
    pgbench.create_table(here.postgres)
    with web(here) as server:
        send(errand(here, server, scale.deliveries // 4))  # warm: connections, pages, caches
        rounds = [_round(here, server, scale) for _ in range(scale.rounds)]
    return _rows(rounds)


def errand(here: Installation, server: Web, deliveries: int) -> Errand:
    """Deliveries that nobody has sent before."""
    return Errand(
        port=server.port,
        path="/webhooks/stripe",
        secret=here.webhook_secret,
        deliveries=deliveries,
        connections=min(CONNECTIONS, deliveries),
        seed=random.getrandbits(48),
    )


def _round(here: Installation, server: Web, scale: Scale) -> Round:
    commits = pgbench.single_row_commits(here.postgres, CONNECTIONS, scale.pgbench_s)
    sender = Sender(errand(here, server, scale.deliveries))
    wal, web_s, postgres_s = here.query(WAL), server.cpu_s(), here.postgres_cpu_s()
    seen = sender.go()
    web_s, postgres_s = server.cpu_s() - web_s, here.postgres_cpu_s() - postgres_s
    wal = here.query(WAL) - wal
    assert not seen.refused, "every delivery must be accepted"
    return Round(
        webhooks=seen,
        commits=commits,
        web_ms=web_s / seen.accepted * 1e3,
        postgres_ms=postgres_s / seen.accepted * 1e3,
        wal_bytes=wal / seen.accepted,
        load_average=load_average(),
    )


def _rows(rounds: list[Round]) -> list[Row]:
    cpu = statistics.median(one.cpu_ms for one in rounds)
    rate = statistics.median(one.rate_ratio for one in rounds)
    tail = statistics.median(one.tail_ratio for one in rounds)
    wal = statistics.median(one.wal_bytes for one in rounds)
    return [
        Row(
            name="A1",
            work="webhook verified, stored, committed: CPU",
            goal="<= 0.20 ms",
            figure=f"{cpu:.3f} ms",
            met=cpu <= 0.20,
            bound=_where_the_time_goes(rounds),
            readings={"rounds": to_builtins(rounds)},
        ),
        Row(
            name="A2",
            work="acknowledgements against single-row commits",
            goal=">= 1.5 x",
            figure=f"{rate:.2f} x",
            met=rate >= 1.5,
            bound=_rates(rounds),
        ),
        Row(
            name="A4",
            work="p99 against the mean of single-row commits",
            goal="<= 2.0 x",
            figure=f"{tail:.2f} x",
            met=tail <= 2.0,
            bound=_waits(rounds),
        ),
        Row(
            name="A5",
            work="write-ahead log per event",
            goal="<= 1000 B",
            figure=f"{wal:.0f} B",
            met=wal <= 1000,
            bound="The packed body is two thirds of it, two rows and three index entries the rest.",
        ),
    ]


def _where_the_time_goes(rounds: list[Round]) -> str:
    web_ms = statistics.median(one.web_ms for one in rounds)
    postgres_ms = statistics.median(one.postgres_ms for one in rounds)
    return (
        f"`chargechase web` {web_ms:.3f} ms (HTTP, HMAC, packing the body, the batch) and all of "
        f"Postgres {postgres_ms:.3f} ms a webhook, at {CONNECTIONS} connections."
    )


def _rates(rounds: list[Round]) -> str:
    ours = statistics.median(one.webhooks.per_second for one in rounds)
    theirs = statistics.median(one.commits.per_second for one in rounds)
    each = statistics.median(one.commits.cpu_ms for one in rounds)
    return (
        f"{ours:.0f}/s against {theirs:.0f}/s (pgbench -M prepared, {each:.3f} ms of Postgres a "
        "commit): one web process works on one core at a time, pgbench on all of them."
    )


def _waits(rounds: list[Round]) -> str:
    ours = statistics.median(one.webhooks.p99_ms for one in rounds)
    theirs = statistics.median(one.commits.mean_ms for one in rounds)
    return f"{ours:.1f} ms against {theirs:.1f} ms: the queue of {CONNECTIONS} before one core."
