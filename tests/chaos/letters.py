"""`python -m tests.chaos.letters`: letters while worker and mail server are killed (kill -9), again
and again. Exit code 1 if one arrived twice, or one that Postgres calls sent did not arrive."""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from adapters.postgres.migrate import migrate
from bench.letters import Found, judged, letter_worker, seed, start_box
from rehearsal.embedded import start_postgres
from tests.running import free_port

SPEED = 1200.0  # a letter that is put off for an hour comes back after three seconds
SETTLED_WITHIN_S = 300.0
SLOWEST_LETTER_S = 0.2  # what is left after the last kill may be nearly all of them


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many letters, and how often each of the two is killed."""

    letters: int
    kills: int
    seconds: float  # over which the kills are spread
    seed: int


@dataclass(kw_only=True)
class Report:
    """What was done, and what the box and Postgres say."""

    kills: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    found: dict[str, Any] = field(default_factory=dict)

    def faults(self) -> list[str]:
        """Every promise that was broken. Letters may be lost, each for one kill; never doubled."""
        broken = [f"{name}: {self.found[name]}" for name in ("doubled", "sent_and_lost")]
        return [line for line in broken if not line.endswith(": 0")]


class Pair:
    """A worker and a mail server; who was killed is started again."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._url, self.notes = database_url, folder / "letters.txt"
        self._port, self._began = free_port(), time.time()
        self._start = {"worker": self._worker, "mail server": self._box}
        self.running = {name: start() for name, start in self._start.items()}

    def kill(self, name: str) -> bool:
        """False if it had ended by itself."""
        process = self.running[name]
        if process.poll() is not None:
            return False
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True

    def start(self, name: str) -> None:
        self.running[name] = self._start[name]()

    def end(self) -> None:
        for name in self.running:
            self.kill(name)

    def _worker(self) -> "subprocess.Popen[bytes]":
        return letter_worker(self._url, self._port, self._began, SPEED)

    def _box(self) -> "subprocess.Popen[bytes]":
        return start_box(self._port, self.notes)


def campaign(plan: Plan, folder: Path, tell: Callable[[str], None]) -> Report:
    """Run it, whole."""
    began, postgres = time.monotonic(), start_postgres(folder)
    try:
        asyncio.run(migrate(postgres.url(user="postgres")))
        asyncio.run(seed(postgres.url(), plan.letters))
        tell(f"{plan.letters} letters are due")
        pair = Pair(postgres.url(), folder)
        try:
            report = _kill_both(plan, pair, tell)
            _settle(pair, SETTLED_WITHIN_S + SLOWEST_LETTER_S * plan.letters)
        finally:
            pair.end()
        found: Found = asyncio.run(judged(postgres.url(user="postgres"), pair.notes))
    finally:
        postgres.stop()
    report.found = to_builtins(found)
    report.seconds = time.monotonic() - began
    return report


def _kill_both(plan: Plan, pair: Pair, tell: Callable[[str], None]) -> Report:
    draw, report = random.Random(plan.seed), Report()
    for number in range(plan.kills):
        time.sleep(draw.uniform(0.2, 1.8) * plan.seconds / plan.kills)
        name = ("worker", "mail server")[number % 2]
        if pair.kill(name):
            report.kills[name] = report.kills.get(name, 0) + 1
            tell(f"kill {number + 1}/{plan.kills}: {name}")
        time.sleep(draw.uniform(0, 1))
        pair.start(name)
    return report


def _settle(pair: Pair, within_s: float) -> None:
    """Until the worker finds no letter any more."""
    code = pair.running["worker"].wait(within_s)
    assert code == 0, f"the worker ended with {code}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    plan = Plan(**vars(parser.parse_args()))
    with tempfile.TemporaryDirectory(prefix="chargechase-letters-") as folder:
        Path(folder).chmod(0o755)
        report = campaign(plan, Path(folder), lambda line: print(line, flush=True))
    print(json.dumps(asdict(report), indent=2))
    broken = report.faults()
    print("\n".join(broken) if broken else "no letter arrived twice")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
