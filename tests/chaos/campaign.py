"""The fault campaign: kills, FLUSHALLs, a Stripe that lies; then the ledgers are asked.

Everything runs on this machine's loopback, in one folder, for a bounded time, and ends by itself.
The judge is the rehearsal Stripe's own ledger and one look into Postgres.
"""

import asyncio
import json
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg
import redis

from tests.running import Running, running

TARGETS: Final = ("web", "worker", "dispatcher", "postgres")
FLUSH_EVERY_S: Final = 30.0
CALLS_HURT: Final = 0.30
# What may go wrong with a call to Stripe; the shares add up to CALLS_HURT.
FAULTS: Final = (
    ("429", 0.05),
    ("500_before", 0.05),
    ("500_after_effect", 0.05),
    ("503", 0.03),
    ("timeout_before", 0.02),
    ("timeout_after_effect", 0.04),
    ("reset_after_effect", 0.04),
    ("truncated_json", 0.02),
)
BOOT_S: Final = 20.0
SETTLED_WITHIN_S: Final = 420.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How hard, and how long."""

    kills: int
    seconds: float  # over which the kills are spread
    customers: int  # most of them get a case
    speed: float  # virtual seconds in one second
    # Chases last four weeks: once the kills are over, and some time to boot, they pass in two
    # minutes, or in less where there are few.
    settling_speed: float = 25_000
    seed: int


@dataclass(kw_only=True)
class Report:
    """What was done, and what the ledgers say."""

    kills: dict[str, int] = field(default_factory=dict)
    flushes: int = 0
    seconds: float = 0.0
    standing: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)
    acknowledged: int = 0
    acknowledged_lost: int = 0
    unhandled: int = 0

    def faults(self) -> list[str]:
        """Every promise that was broken; empty is the goal."""
        promises = {
            "invoices captured twice": self.verdict["invoices_captured_twice"],
            "calls after a terminal state": self.verdict["pay_after_terminal"],
            "cards charged after a never": self.verdict["attempts_after_never"],
            "network limits passed": sum(
                count for name, count in self.verdict.items() if "_over_" in name
            ),
            "acknowledged events lost": self.acknowledged_lost,
            "events unhandled": self.unhandled,
            "dead rows": self.standing["dead"],
            "open cases without exactly one next action": self.standing["open_without_next_action"],
        }
        return [f"{name}: {count}" for name, count in promises.items() if count]


def campaign(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Report:
    """Run it, whole."""
    report = Report()
    environment = {
        "CHARGECHASE_REHEARSAL_SCENE": "burst",
        "CHARGECHASE_REHEARSAL_SIZE": str(plan.customers),
        "CHARGECHASE_REHEARSAL_LEGS": json.dumps(
            [[plan.speed, plan.seconds + BOOT_S], [plan.settling_speed, None]]
        ),
        "CHARGECHASE_MAX_DEATHS_PER_MINUTE": "1000",
        "CHARGECHASE_LEASE_S": "10",
        "CHARGECHASE_STRIPE_TIMEOUT_S": "3",
    }
    began = time.monotonic()
    with running(folder, **environment) as installation:
        _hurt_stripe(installation)
        _kill_and_flush(installation, plan, report, tell)
        _heal_stripe(installation)
        _await_settled(installation, report, tell)
        report.verdict = installation.double("verdict")
        asyncio.run(_ask_postgres(installation, report))
    report.seconds = time.monotonic() - began
    return report


def _hurt_stripe(installation: Running) -> None:
    rules = [{"do": fault, "seconds": 4, "match": {"p": share}} for fault, share in FAULTS]
    installation.double("faults", rules)
    installation.double("webhooks", {"duplicates": 1.0, "reorder": 2.0})


def _heal_stripe(installation: Running) -> None:
    installation.double("faults", [])
    installation.double("webhooks", {"duplicates": 0.0, "reorder": 0.0})


def _kill_and_flush(
    installation: Running, plan: Plan, report: Report, tell: Callable[[str], None]
) -> None:
    draw = random.Random(plan.seed)
    gap = plan.seconds / plan.kills
    flush_at = time.monotonic() + FLUSH_EVERY_S
    for number in range(1, plan.kills + 1):
        time.sleep(draw.uniform(0.2, 1.8) * gap)
        name = _kill_one(installation, draw)
        report.kills[name] = report.kills.get(name, 0) + 1
        if time.monotonic() >= flush_at:
            report.flushes += _flush(installation)
            flush_at = time.monotonic() + FLUSH_EVERY_S
        tell(f"kill {number}/{plan.kills}: {name}")
        assert installation.is_alive(), installation.terminal()
    report.flushes += _flush(installation)


def _kill_one(installation: Running, draw: random.Random) -> str:
    """The name of what was killed; whoever is just being started anew is passed over."""
    while True:
        name = draw.choice(TARGETS)
        if _kill(installation, name):
            return name
        time.sleep(0.1)


def _kill(installation: Running, name: str) -> bool:
    pid = installation.pids().get(name)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _flush(installation: Running) -> int:
    client = redis.Redis.from_url(installation.facts["redis_url"])
    try:
        client.flushall()
    except redis.ConnectionError:
        return 0
    finally:
        client.close()
    return 1


def _await_settled(installation: Running, report: Report, tell: Callable[[str], None]) -> None:
    """Until nothing is open: a chase ends by itself, and the virtual weeks pass quickly."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while time.monotonic() < deadline:
        time.sleep(2)
        if not installation.answers():
            continue
        report.standing = installation.status()
        open_cases = report.standing["cases"]["open"]
        tell(f"settling: {open_cases} open, {report.standing['inbox']['waiting']} events wait")
        if not open_cases and not report.standing["inbox"]["waiting"]:
            return


async def _ask_postgres(installation: Running, report: Report) -> None:
    """Every event that was answered 2xx is there, once, and handled."""
    acknowledged = {
        delivery["event"]
        for delivery in installation.double("deliveries?state=delivered")["deliveries"]
    }
    connection = await asyncpg.connect(installation.facts["database_url"])
    try:
        await connection.execute("set role chargechase_system")
        rows = await connection.fetch("select event_id, handled_at from inbox_events")
    finally:
        await connection.close()
    kept = {row["event_id"] for row in rows}
    report.acknowledged = len(acknowledged)
    report.acknowledged_lost = len(acknowledged - kept)
    report.unhandled = sum(1 for row in rows if row["handled_at"] is None)
