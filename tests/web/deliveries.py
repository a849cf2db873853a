"""Requests as a server hands them over, piece by piece: what no client library would send."""

import asyncio
from typing import Any

from tests.web.site import Site

SIGNED = {"stripe-signature": "good"}
Sent = list[dict[str, Any]]


async def deliver(
    site: Site,
    *chunks: bytes | float | None,
    headers: dict[str, str] | None = None,
    method: str = "POST",
    path: str = "/webhooks/stripe",
) -> Sent:
    """Send chunks as a server would hand them over; a number is a pause, None the sender hanging
    up. What the app sent comes back."""
    sent: Sent = []
    waiting = list(chunks)

    async def receive() -> dict[str, Any]:
        while waiting:
            chunk = waiting.pop(0)
            if isinstance(chunk, float):
                await asyncio.sleep(chunk)
                continue
            if chunk is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    given_headers = SIGNED if headers is None else headers
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in given_headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    await site.app(scope, receive, send)  # type: ignore[arg-type]
    return sent


async def status(site: Site, *chunks: bytes | float | None, **more: Any) -> int:
    """The status that the app answers with."""
    sent = await deliver(site, *chunks, **more)
    code = sent[0]["status"]
    assert isinstance(code, int)
    return code
