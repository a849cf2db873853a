"""Single processes of an installation, started as a supervisor would start them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NOWHERE = "127.0.0.1:9"  # nobody listens there


def settings(**told: str) -> dict[str, str]:
    """An installation's settings; what a test does not say leads nowhere."""
    given = {
        "DATABASE_URL": f"postgresql://chargechase@{NOWHERE}/chargechase",
        "REDIS_URL": f"redis://{NOWHERE}",
        "BASE_URL": "http://127.0.0.1:8000",
        "SECRET_KEYS": "0123456789abcdef0123456789abcdef",
        "STRIPE_API_KEY": "sk_test_rehearsal",
        "STRIPE_API_BASE": f"http://{NOWHERE}",
        "STRIPE_WEBHOOK_SECRETS": "whsec_0123456789abcdefgh",
        "SMTP_URL": f"smtp://{NOWHERE}",
        "MAIL_FROM": "billing@chargechase.example",
        "POLL_INTERVAL_S": "0.05",
        **told,
    }
    return {f"CHARGECHASE_{name}": text for name, text in given.items() if text}


class Process:
    """One command of `chargechase`, running; what it logs goes to a file."""

    def __init__(self, command: str, environ: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wiring", command],
                cwd=ROOT,
                env={**bare_environ(), **environ},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def signal(self, signum: signal.Signals) -> None:
        self._process.send_signal(signum)

    def ends(self, within_s: float) -> int:
        """Its exit code."""
        return self._process.wait(within_s)

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def lines(self) -> list[dict[str, Any]]:
        """Its log so far, and what else it said as `event`s."""
        return [_line(text) for text in self.log.read_text().splitlines()]

    def says(self, event: str) -> bool:
        return any(line["event"] == event for line in self.lines())

    def until_it_says(self, event: str, within_s: float = 15) -> None:
        wait_for(lambda: self.says(event), within_s, self.log)


def bare_environ() -> dict[str, str]:
    """Ours, without a setting of whoever runs the tests."""
    return {name: text for name, text in os.environ.items() if not name.startswith("CHARGECHASE_")}


def wait_for(holds: Callable[[], bool], within_s: float, log: Path) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.05)


def chargechase(*arguments: str, **told: str) -> subprocess.CompletedProcess[str]:
    """A command that comes to its end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "wiring", *arguments],
        cwd=ROOT,
        env={**bare_environ(), **{f"CHARGECHASE_{name}": text for name, text in told.items()}},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextlib.contextmanager
def process(command: str, log: Path, **told: str) -> Iterator[Process]:
    """Started, and killed at the end if it is still there."""
    one = Process(command, settings(**told), log)
    try:
        yield one
    finally:
        if one.is_alive():
            one.signal(signal.SIGKILL)
            one.ends(10)


def _line(text: str) -> dict[str, Any]:
    try:
        return dict(json.loads(text))
    except ValueError:
        return {"event": text}
