"""Bugs reach Sentry, once each and without anything of a person or a secret."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.wiring.processes import ROOT, bare_environ, settings

CANARIES = ("ada.lovelace@example.test", "sk_live_51CanaryCanaryCanary", "4242424242424242")
LOCAL = "a-canary-in-a-variable"

FAILING = f"""
import os
import structlog
from application.errors import Unavailable
from wiring.errors import report_errors_to
from wiring.logs import configure_logs
from wiring.settings import load

settings = load(os.environ)
configure_logs("worker", settings.log_level, settings.secrets())
report_errors_to(settings, "worker")
log = structlog.get_logger()

def fail(error):
    variable = "{LOCAL}"
    try:
        raise error
    except Exception:
        log.exception("job_failed")

structlog.contextvars.bind_contextvars(correlation_id="evt_42")
fail(Unavailable("Stripe is away"))
fail(ValueError("{" ".join(CANARIES)}"))
"""


class StandIn(BaseHTTPRequestHandler):
    """Takes envelopes as Sentry does."""

    envelopes: list[list[Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.envelopes.append([json.loads(line) for line in body.splitlines()])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def sentry() -> Iterator[ThreadingHTTPServer]:
    StandIn.envelopes = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), StandIn)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_bug_reaches_sentry_once_with_its_correlation_id_and_nothing_that_leaks(
    sentry: ThreadingHTTPServer,
) -> None:
    dsn = f"http://public-key@127.0.0.1:{sentry.server_port}/7"
    done = subprocess.run(
        [sys.executable, "-c", FAILING],
        cwd=ROOT,
        env={**bare_environ(), **settings(SENTRY_DSN=dsn)},
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.count(b'"job_failed"') == 2, "the logs lose nothing"
    ((_, kind, event),) = StandIn.envelopes
    assert kind["type"] == "event"
    (error,) = event["exception"]["values"]
    assert error["type"] == "ValueError"
    assert event["tags"] == {"correlation_id": "evt_42", "log_line": "job_failed"}
    assert event["server_name"] == "worker"
    told = json.dumps(StandIn.envelopes)
    assert [canary for canary in (*CANARIES, LOCAL) if canary in told] == []
    assert all("vars" not in frame for frame in error["stacktrace"]["frames"])


def test_without_a_dsn_nothing_of_sentry_is_loaded() -> None:
    look = (
        "import sys; from wiring.errors import report_errors_to; from wiring.settings import "
        "Settings; report_errors_to(Settings(), 'web'); print('sentry_sdk' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout == b"False\n"
