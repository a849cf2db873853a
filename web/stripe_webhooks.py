"""`POST /webhooks/stripe`, and `/webhooks/stripe/{endpoint}` for an endpoint in a merchant's own
account: raw bytes in, an answer only after the event is committed.

A bare ASGI app before the framework: at a thousand deliveries a second its request objects, and a
log line each, would cost more than our own work. The intake logs each commit with its event ids.
 Whatever is wrong with a delivery is the sender's fault and a 4xx; the only
5xx is 503, when we cannot keep the event just now, and Stripe delivers again.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec.structs import replace

from application.errors import Unavailable
from application.ports.conveyor import IncomingEvent
from application.ports.stripe_accounts import EndpointOwner
from web.parts import WebParts

MOST_BYTES: Final = 1_000_000  # Stripe's largest events stay far below
PATH: Final = "/webhooks/stripe"
OF_ENDPOINT: Final = f"{PATH}/"
LONGEST_ID: Final = 100  # ours are shorter; nothing longer is even looked up
KEPT: Final = b'{"received":true}'
Headers = list[tuple[bytes, bytes]]
EXTRA_HEADERS: Final[dict[int, Headers]] = {
    405: [(b"allow", b"POST")],
    # The rest of the body is still coming: do not read it.
    408: [(b"connection", b"close")],
    413: [(b"connection", b"close")],
    503: [(b"retry-after", b"5")],
}

_log = structlog.get_logger("chargechase.web")


class Refusal(Exception):
    """An answer that is not 200."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class StripeWebhooks:
    """Answers its own path; everything else goes on to the app behind it."""

    def __init__(self, app: ASGIApp, parts: WebParts, headers: Headers) -> None:
        self._app, self._parts, self._observe = app, parts, parts.observe
        self._headers = [
            *headers,
            (b"content-type", b"application/json"),
            (b"cache-control", b"no-store"),
        ]
        self._kept_headers = self._sized(KEPT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        ours = path == PATH or path.startswith(OF_ENDPOINT)
        if not ours or scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 200
        try:
            event = await _read(self._parts, scope, receive)
            await _keep(self._parts, event)
        except Refusal as refusal:
            status = refusal.status
            await self._refuse(send, refusal)
        else:
            await _answer(send, 200, self._kept_headers, KEPT)
        self._observe(PATH, status, time.perf_counter() - started)

    async def _refuse(self, send: Send, refusal: Refusal) -> None:
        body = f'{{"error":"{refusal.reason}"}}'.encode()
        headers = [*self._sized(body), *EXTRA_HEADERS.get(refusal.status, ())]
        await _answer(send, refusal.status, headers, body)

    def _sized(self, body: bytes) -> Headers:
        return [*self._headers, (b"content-length", str(len(body)).encode())]


async def _read(parts: WebParts, scope: Scope, receive: Receive) -> IncomingEvent:
    """The verified event. Raises Refusal."""
    if scope.get("method") != "POST":
        raise Refusal(405, "only POST is answered here")
    headers = _wanted(scope["headers"])
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise Refusal(415, "send the body uncompressed")
    signature = headers.get(b"stripe-signature")
    if signature is None:
        raise Refusal(400, "no signature")
    raw = await _body(receive, headers.get(b"content-length"), parts.webhook_deadline_s)
    owner = None if scope["path"] == PATH else await _owner(parts, scope["path"])
    secrets = None if owner is None else owner.secrets
    try:
        if not parts.verify_webhook(raw, signature.decode("latin-1"), secrets):
            raise Refusal(400, "bad signature")
        event = parts.read_envelope(raw)
        return event if owner is None else _of_owner(event, owner)
    except Refusal:
        raise
    except Exception as fault:  # also RecursionError: a hundred thousand levels of nesting
        raise Refusal(422, "not an event of Stripe's") from fault


async def _owner(parts: WebParts, path: str) -> EndpointOwner:
    """Whose endpoint it is. Raises Refusal."""
    endpoint_id = path.removeprefix(OF_ENDPOINT)
    if len(endpoint_id) > LONGEST_ID:
        raise Refusal(404, "no such endpoint")
    try:
        owner = await parts.endpoints.find(endpoint_id)
    except (Unavailable, OSError) as fault:
        raise Refusal(503, "not kept; deliver again") from fault
    if owner is None:
        raise Refusal(404, "no such endpoint")
    return owner


def _of_owner(event: IncomingEvent, owner: EndpointOwner) -> IncomingEvent:
    """An account's own endpoint names no account. Raises Refusal for what is not of this one."""
    if event.account not in (None, owner.account):
        raise Refusal(422, "an event of another account")
    if event.livemode != owner.livemode:
        raise Refusal(422, "an event of the other mode")
    return replace(event, account=owner.account)


def _wanted(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    wanted = (b"content-encoding", b"stripe-signature", b"content-length")
    return {name: value for name, value in headers if name in wanted}


async def _body(receive: Receive, announced: bytes | None, deadline_s: float) -> bytes:
    if announced is not None:
        if not announced.isdigit() or len(announced) > 18:
            raise Refusal(400, "bad content length")
        if int(announced) > MOST_BYTES:
            raise Refusal(413, "larger than any event")
    try:
        async with asyncio.timeout(deadline_s):
            body = await _stream(receive)
    except TimeoutError:
        raise Refusal(408, "the body came too slowly") from None
    if announced is not None and len(body) != int(announced):
        raise Refusal(400, "the body was cut short")
    return body


async def _stream(receive: Receive) -> bytes:
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            # The sender hung up, or its chunks are garbage: the server tells us the same of both,
            # and for want of an answer would say 500 to the second.
            raise Refusal(400, "the body was cut short")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MOST_BYTES:
            raise Refusal(413, "larger than any event")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _keep(parts: WebParts, event: IncomingEvent) -> None:
    """Returns when the event is committed. Raises Refusal(503) for whatever stops that."""
    try:
        await parts.intake.keep(event)
    except Exception as fault:
        _log.warning("webhook_not_kept", event_id=event.event_id, exc_info=fault)
        raise Refusal(503, "not kept; deliver again") from fault


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
