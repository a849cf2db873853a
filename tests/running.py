"""A whole installation, started the way a person starts it, in a folder of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[1]
READY_WITHIN_S = 120.0
STOPPED_WITHIN_S = 60.0


class Running:
    """One `chargechase run`. `facts` is its run.json."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = {**os.environ, **environment, "CHARGECHASE_DATA_DIR": str(folder)}
        self._environment.setdefault("CHARGECHASE_PORT", str(free_port()))
        self._process: subprocess.Popen[bytes] | None = None
        self.facts: dict[str, Any] = {}

    def start(self) -> None:
        """Return when it is ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "terminal.log").open("ab") as terminal:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wiring", "run"],
                cwd=ROOT,
                env=self._environment,
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._await_ready(time.monotonic() + READY_WITHIN_S)

    def _await_ready(self, deadline: float) -> None:
        state = self.folder / "run.json"
        assert self._process is not None
        while not state.exists():
            assert self._process.poll() is None, self.terminal()
            assert time.monotonic() < deadline, self.terminal()
            time.sleep(0.1)
        self.facts = json.loads(state.read_text())

    def stop(self) -> int:
        """What Ctrl-C does; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def pids(self) -> dict[str, int]:
        """Its children by name, as of now."""
        return dict(json.loads((self.folder / "pids.json").read_text()))

    def terminal(self) -> str:
        """What a person would have seen."""
        return (self.folder / "terminal.log").read_text(errors="replace")

    def answers(self) -> bool:
        """Whether its web process is ready: Postgres is, then."""
        try:
            return httpx.get(f"{self.facts['web']}/health/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def status(self) -> dict[str, Any]:
        """`chargechase status --json`."""
        done = subprocess.run(
            [sys.executable, "-m", "wiring", "status", "--json"],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return dict(json.loads(done.stdout))

    def double(self, path: str, body: Any = None) -> Any:
        """Ask the rehearsal Stripe's control API; posts if there is a body."""
        url = f"{self.facts['stripe_double']}/_double/{path}"
        answer = (
            httpx.get(url, timeout=30) if body is None else httpx.post(url, json=body, timeout=30)
        )
        answer.raise_for_status()
        return answer.json()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(folder: Path, **environment: str) -> Iterator[Running]:
    """Started, and stopped whatever happens."""
    installation = Running(folder, environment)
    installation.start()
    try:
        yield installation
    finally:
        if installation.is_alive():
            installation.stop()


def wait_until(condition: Any, seconds: float, every: float = 1.0, told: Any = None) -> None:
    """Poll until true; fails with what `told()` says."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, told() if told else "it did not come true in time"
        time.sleep(every)
