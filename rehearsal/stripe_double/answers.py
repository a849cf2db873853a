"""How an answer leaves: as it is, or struck by a planted fault, and noted in the ledger."""

import asyncio
import socket
import struct
from typing import Final

import msgspec
from aiohttp import web
from msgspec import Struct

from rehearsal.stripe_double import errors
from rehearsal.stripe_double.errors import StripeError
from rehearsal.stripe_double.faults import Fault
from rehearsal.stripe_double.objects import CURRENT_VERSION
from rehearsal.stripe_double.store import Document
from rehearsal.stripe_double.world import World

HANG_S: Final = 30.0
encode: Final = msgspec.json.Encoder().encode


class Answer(Struct):
    """A status and body ready to send, and what is still to be done to it."""

    status: int
    body: bytes
    request_id: str = ""
    replayed: bool = False
    fault: Fault | None = None
    lines: tuple[Document, ...] = ()
    html: bool = False


def connected(request: web.Request) -> bool:
    """Whether the caller still waits at the other end."""
    return request.transport is not None and not request.transport.is_closing()


def server_error() -> StripeError:
    """500: Stripe itself stumbled; whether something happened stays open."""
    return StripeError(500, "api_error", "An unknown error occurred.")


async def strike_before(request: web.Request, fault: Fault, request_id: str) -> Answer | None:
    """What keeps the call from executing; None when it goes on."""
    match fault.do:
        case "429":
            refusal = errors.rate_limited()
        case "500_before":
            refusal = server_error()
        case "401_revoked":
            refusal = errors.unauthorized("Expired API Key provided: sk_test_****")
        case "503":
            return Answer(503, _HTML_503, request_id, html=True)
        case "timeout_before":
            await hang(request, fault.seconds or HANG_S)
            return Answer(0, b"", request_id)
        case "reset_before":
            reset(request)
            return Answer(0, b"", request_id)
        case "delay":
            await asyncio.sleep(fault.seconds)
            return None
        case _:
            return None
    return Answer(refusal.status, encode(refusal.body(request_id)), request_id)


_HTML_503: Final = b"<html><head><title>503</title></head><body>Service Unavailable</body></html>"


async def hang(request: web.Request, seconds: float) -> None:
    """Keep the caller waiting, then close without a word."""
    await asyncio.sleep(seconds)
    if request.transport:
        request.transport.close()


def reset(request: web.Request) -> None:
    """Cut the connection with a TCP reset."""
    if request.transport is None:
        return
    raw = request.transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()


async def send(request: web.Request, answer: Answer, world: World) -> web.StreamResponse:
    """Send the answer as its fault wants it, and note in the ledger whether it got out."""
    fault = answer.fault
    if fault and fault.do == "timeout_after_effect":
        await hang(request, fault.seconds or HANG_S)
    elif fault and fault.do == "reset_after_effect":
        reset(request)
    response = _response(request, answer)
    if answer.status == 0 or not connected(request):
        return response
    delivered = True
    try:
        await response.prepare(request)
        if fault and fault.do == "slow_body":
            await _dribble(response, answer.body, fault.seconds or 2.0)
        elif fault and fault.do == "truncated_json":
            await response.write(answer.body[: len(answer.body) // 2])
            delivered = False
        else:
            await response.write(answer.body)
        await response.write_eof()
    except (ConnectionError, asyncio.CancelledError):
        delivered = False
    for line in answer.lines if delivered else ():
        line["response_delivered"] = True
        world.store.touch(line)
    return response


def _response(request: web.Request, answer: Answer) -> web.StreamResponse:
    headers = {
        "Content-Type": "text/html" if answer.html else "application/json",
        "Request-Id": answer.request_id,
        "Stripe-Version": request.headers.get("Stripe-Version", CURRENT_VERSION),
    }
    if key := request.headers.get("Idempotency-Key"):
        headers["Idempotency-Key"] = key
        headers["Original-Request"] = answer.request_id
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    response = web.StreamResponse(status=answer.status or 500, headers=headers)
    truncated = answer.fault and answer.fault.do == "truncated_json"
    response.content_length = len(answer.body) // 2 if truncated else len(answer.body)
    return response


async def _dribble(response: web.StreamResponse, body: bytes, seconds: float) -> None:
    pieces = 10
    size = max(1, len(body) // pieces + 1)
    for start in range(0, len(body), size):
        await response.write(body[start : start + size])
        await asyncio.sleep(seconds / pieces)
