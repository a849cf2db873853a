"""For machines that watch machines: alive, ready, and in figures."""

import asyncio
import ipaddress
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

import structlog
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException

from web.parts import Hook, WebParts

CHECK_TIMEOUT_S = 2.0
FORWARDED = ("x-forwarded-for", "forwarded", "fly-client-ip", "x-real-ip")

_log = structlog.get_logger("chargechase.web")


@get("/health/live", sync_to_thread=False)
def live() -> Response[dict[str, str]]:
    """The process answers; nothing else is asked."""
    return Response({"status": "ok"}, headers={"Cache-Control": "no-store"})


@get("/health/ready")
async def ready(parts: NamedDependency[WebParts]) -> Response[dict[str, Any]]:
    """503 with the names of what is not well; why stands in the log, not on the net."""
    failing = await _failing(parts.ready_checks)
    body = {"status": "failing", "failing": failing} if failing else {"status": "ok"}
    status = 503 if failing else 200
    return Response(body, status_code=status, headers={"Cache-Control": "no-store"})


@get("/metrics")
async def metrics(
    request: Request[Any, Any, Any], parts: NamedDependency[WebParts]
) -> Response[bytes]:
    """Prometheus' text, for this machine or for who holds the token; to others it is not there."""
    if not (_is_local(request) or _has_token(request, parts.metrics_token)):
        raise NotFoundException
    text = await parts.metrics_text()
    media_type = "text/plain; version=0.0.4; charset=utf-8"
    return Response(text, media_type=media_type, headers={"Cache-Control": "no-store"})


async def _failing(checks: Mapping[str, Hook]) -> list[str]:
    well = await asyncio.gather(*(_is_well(name, check) for name, check in checks.items()))
    return [name for name, fine in zip(checks, well, strict=True) if not fine]


async def _is_well(name: str, check: Hook) -> bool:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            await check()
    except Exception as fault:
        _log.warning("not_ready", check=name, error=type(fault).__name__)
        return False
    return True


def _is_local(request: Request[Any, Any, Any]) -> bool:
    """A proxy on this machine has a local address too, but it says for whom it asks."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _has_token(request: Request[Any, Any, Any], token: str | None) -> bool:
    given = request.headers.get("authorization", "").encode()
    return token is not None and compare_digest(given, f"Bearer {token}".encode())
