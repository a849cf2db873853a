"""The outermost layer: every answer, errors too, leaves with the same headers and a log line."""

import time
from secrets import token_hex

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from web.parts import WebParts

_log = structlog.get_logger("chargechase.web")

# `style-src`, `script-src`: files of ours only, nothing inline, so an injected tag does nothing.
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action {form_action}; "
    "frame-ancestors 'none'; base-uri 'none'"
)
PERMISSIONS = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), payment=(), usb=()"
)
QUIET = ("/static/", "/vendor/", "/health/", "/metrics", "/snippet/", "/webhooks/")

Headers = list[tuple[bytes, bytes]]


class Edge:
    """Wraps the whole app; knows no route."""

    def __init__(self, app: ASGIApp, parts: WebParts) -> None:
        self._app, self._observe = app, parts.observe
        self._headers = security_headers(parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            return await _refuse(receive, send)
        started, status = time.perf_counter(), 0
        request_id = token_hex(8)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(message, request_id)
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(correlation_id=request_id)
        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as fault:
            _log.error("answer_failed", exc_info=fault)
            if status == 0:  # even the error page failed: some words are better than none
                await _apologise(send_with_headers)
        finally:
            self._tell(scope, status, time.perf_counter() - started)

    def _add_headers(self, message: HTTPResponseStartEvent, request_id: str) -> None:
        given = message["headers"]
        present = {name for name, _ in given}
        ours = [pair for pair in self._headers if pair[0] not in present]
        message["headers"] = [*given, *ours, (b"x-request-id", request_id.encode())]

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        """One line a request; the route's template, never its path: paths carry tokens."""
        route = str(scope.get("path_template") or "(none)")
        self._observe(route, status, seconds)
        if status < 500 and str(scope["path"]).startswith(QUIET):
            return
        method = scope.get("method")
        _log.info("request", route=route, method=method, status=status, ms=round(seconds * 1e3, 1))


def security_headers(parts: WebParts) -> Headers:
    """What every answer carries unless its route said something stricter."""
    policy = CONTENT_POLICY.format(form_action="'self'")
    headers = [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"same-origin"),
        (b"permissions-policy", PERMISSIONS.encode()),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]
    if parts.secure:
        headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    return headers


async def _refuse(receive: Receive, send: Send) -> None:
    """We speak no WebSocket."""
    await receive()
    await send({"type": "websocket.close", "code": 1008, "reason": ""})


async def _apologise(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    body = b"Something went wrong on our side. It is noted. Please try again in a moment.\n"
    await send({"type": "http.response.body", "body": body, "more_body": False})
