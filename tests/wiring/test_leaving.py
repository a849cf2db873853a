"""Leaving: whatever hangs, a process that was asked to end is gone in time."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.wiring.processes import ROOT
from wiring.leaving import SAME_PRESS_S

# A thread that never ends keeps a process alive, as a job that hangs does.
STUCK = """
import sys, threading
from wiring.leaving import Leaving
from wiring.logs import configure_logs
configure_logs("worker")
leaving = Leaving(within_s=float(sys.argv[1]))
threading.Thread(target=threading.Event().wait).start()
print('{"event": "ready"}', flush=True)
leaving.wait()
print('{"event": "asked"}', flush=True)
"""


@contextmanager
def stuck(within_s: float) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, str(within_s)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert heard(process)["event"] == "ready"
        yield process
    finally:
        process.kill()
        process.communicate()


def heard(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next line that it says."""
    assert process.stdout is not None
    return dict(json.loads(process.stdout.readline()))


def ask(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    assert heard(process)["event"] == "asked"


def test_begun_work_gets_its_chance_and_then_the_process_leaves() -> None:
    with stuck(within_s=1) as process:
        ask(process)
        asked_at = time.monotonic()
        said = heard(process)
        assert (said["event"], said["reason"]) == ("left_unfinished", "took_too_long")
        assert process.wait(5) == 1
        assert time.monotonic() - asked_at > 0.9


def test_a_second_signal_ends_it_at_once() -> None:
    with stuck(within_s=60) as process:
        ask(process)
        time.sleep(2 * SAME_PRESS_S)
        process.send_signal(signal.SIGINT)
        assert heard(process)["reason"] == "asked_twice"
        assert process.wait(5) == 1


def test_one_press_of_ctrl_c_that_arrives_twice_is_one() -> None:
    with stuck(within_s=2) as process:
        ask(process)
        process.send_signal(signal.SIGTERM)
        assert heard(process)["reason"] == "took_too_long"
