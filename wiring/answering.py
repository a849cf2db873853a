"""Whether a web server of ours answers yet."""

import asyncio
from collections.abc import Awaitable, Callable

TIMEOUT_S = 5.0
MAX_STATUS_LINE_BYTES = 1024


def answers(host: str, port: int, path: str) -> Callable[[int], Awaitable[bool]]:
    """A readiness probe: `GET path` is answered with 200."""

    async def probe(_pid: int) -> bool:
        try:
            status_line = await asyncio.wait_for(_status_line(host, port, path), TIMEOUT_S)
        except (OSError, ValueError, EOFError, TimeoutError):
            return False
        return status_line.split()[1:2] == [b"200"]

    return probe


async def _status_line(host: str, port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(host, port, limit=MAX_STATUS_LINE_BYTES)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
        )
        return await reader.readline()
    finally:
        writer.close()
