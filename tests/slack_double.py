"""A Slack on this machine, as far as incoming webhooks go: real HTTP, and answers as one wishes."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class SlackDouble:
    """`posts` are path and body of each; `answer` is what the next ones get."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, Any]]] = []
        self.answer: int = 200
        self.leads_to: str | None = None  # with a redirect
        self.slow_s = 0.0
        self.base = ""

    def texts(self) -> list[str]:
        """All that a reader sees of the last post, block by block."""
        return [block["text"]["text"] for block in self.posts[-1][1]["blocks"]]


@contextmanager
def slack_double() -> Iterator[SlackDouble]:
    double = SlackDouble()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/json"
            double.posts.append((self.path, json.loads(body)))
            time.sleep(double.slow_s)
            self.send_response(double.answer)
            if double.leads_to is not None:
                self.send_header("Location", double.leads_to)
            answer = b"ok" if double.answer == 200 else b"no_service"
            self.send_header("Content-Length", str(len(answer)))
            with suppress(OSError):  # who asked has gone
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, *_args: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    double.base = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
