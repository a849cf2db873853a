"""The sender, in a process of its own: keep-alive connections that each send the next delivery as
soon as the last one is answered.

Everything is signed and in memory before the first byte leaves, so that the sender costs little:
it shares the machine with what it measures. `python -m bench.load` speaks JSON lines: settings in,
"ready" out, "go" in, what was seen out.
"""

import re
import select
import socket
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from bench.events import bodies, request

LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
LAST_CHUNK: Final = b"0\r\n\r\n"
SILENT_S: Final = 30.0  # no answer for this long: something is broken, stop


class Errand(Struct, frozen=True, kw_only=True):
    """What to send, and where."""

    port: int
    path: str
    secret: str
    deliveries: int
    connections: int
    seed: int  # another seed sends other events


class Seen(Struct, frozen=True, kw_only=True):
    """What came back."""

    seconds: float
    accepted: int
    refused: int
    mean_ms: float
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        return self.accepted / self.seconds


class Sender:
    """A sender that is ready to go."""

    def __init__(self, errand: Errand) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._tell(msgspec.json.encode(errand))
        self._answer()

    def go(self) -> Seen:
        """Send everything, wait for every answer."""
        self._tell(b"go")
        seen = msgspec.json.decode(self._answer(), type=Seen)
        self._process.wait()
        return seen

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + b"\n")
        self._process.stdin.flush()

    def _answer(self) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the sender died")
        return line


def send(errand: Errand) -> Seen:
    """Prepare, send, and say what came back."""
    return Sender(errand).go()


class _Connection:
    __slots__ = ("begun_at", "received", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SILENT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.begun_at = 0.0

    def begin(self, delivery: bytes) -> None:
        self.received, self.begun_at = b"", time.perf_counter()
        self.socket.sendall(delivery)

    def is_answered(self) -> bool:
        """Take what has come; true when the answer is complete."""
        chunk = self.socket.recv(65_536)
        if not chunk:
            raise RuntimeError("the server hung up")
        self.received += chunk
        head = self.received.find(b"\r\n\r\n")
        if head < 0:
            return False
        length = LENGTH.search(self.received, 0, head)
        if length is None:
            return self.received.endswith(LAST_CHUNK)
        return len(self.received) >= head + 4 + int(length[1])


def _drive(errand: Errand, deliveries: list[bytes]) -> Seen:
    connections = [_Connection(errand.port) for _ in range(errand.connections)]
    poller, by_number = select.epoll(), {one.socket.fileno(): one for one in connections}
    for number in by_number:
        poller.register(number, select.EPOLLIN)
    waits: list[float] = []
    accepted, waiting = 0, iter(deliveries)
    started = time.perf_counter()
    for connection in connections:
        connection.begin(next(waiting))
    while len(waits) < len(deliveries):
        ready = poller.poll(SILENT_S)
        if not ready:
            raise RuntimeError("no answer for a long time")
        for number, _ in ready:
            connection = by_number[number]
            if not connection.is_answered():
                continue
            waits.append(time.perf_counter() - connection.begun_at)
            accepted += connection.received.startswith(b"HTTP/1.1 200")
            if (following := next(waiting, None)) is not None:
                connection.begin(following)
    return _summary(waits, accepted, time.perf_counter() - started)


def _summary(waits: list[float], accepted: int, seconds: float) -> Seen:
    ordered = sorted(waits)
    return Seen(
        seconds=seconds,
        accepted=accepted,
        refused=len(ordered) - accepted,
        mean_ms=sum(ordered) / len(ordered) * 1e3,
        p50_ms=ordered[len(ordered) // 2] * 1e3,
        p99_ms=ordered[len(ordered) * 99 // 100] * 1e3,
    )


def main() -> None:
    errand = msgspec.json.decode(sys.stdin.readline(), type=Errand)
    several = islice(bodies(errand.seed), errand.deliveries)
    deliveries = [request(body, errand.path, errand.secret) for body in several]
    print("ready", flush=True)
    sys.stdin.readline()
    print(msgspec.json.encode(_drive(errand, deliveries)).decode(), flush=True)


if __name__ == "__main__":
    main()
