"""`POST /webhooks/sms/twilio`, answers from phones, and `…/status`, what became of our texts.

The signature covers the address as the carrier was given it, and every field; 2xx comes after the
commit. Whatever is wrong with a posting is a 4xx; told twice, it changes nothing.
"""

import asyncio
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.exceptions import InternalServerException
from litestar.params import FromQuery

from application.change_case import CaseRef
from application.ports.text_news import MalformedNews
from web.forms import ENCODING, MOST_FIELDS
from web.parts import TextDesk, WebParts

ANSWERS: Final = "/webhooks/sms/twilio"
STATUS: Final = f"{ANSWERS}/status"
SIGNATURE: Final = "x-twilio-signature"
MOST_STEPS: Final = 1_000

Fields = list[tuple[str, str]]


class Refusal(Exception):
    """An answer that is not 2xx."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@post(ANSWERS, name="texts.answer", status_code=200)
async def answer(
    request: Request[Any, Any, Any], parts: NamedDependency[WebParts]
) -> Response[str]:
    """STOP, START, HELP; anything else is heard and left."""
    try:
        desk, fields = await _genuine(request, parts)
        said = desk.carrier.answer(dict(fields))
    except MalformedNews as malformed:
        return _refused(Refusal(422, str(malformed)))
    except Refusal as refusal:
        return _refused(refusal)
    words = await desk.hear.answer(said)
    return Response(desk.carrier.reply(words), media_type=MediaType.XML)


@post(STATUS, name="texts.status", status_code=200)
async def status(
    request: Request[Any, Any, Any],
    parts: NamedDependency[WebParts],
    merchant: FromQuery[str] = "",
    case: FromQuery[str] = "",
    step: FromQuery[str] = "",
) -> Response[str]:
    """Only what did not arrive is news. Which message it was stands in the address, which the
    carrier has signed."""
    try:
        desk, fields = await _genuine(request, parts)
        news = desk.carrier.status(dict(fields))
        ref, number = _of_step(merchant, case, step)
    except MalformedNews as malformed:
        return _refused(Refusal(422, str(malformed)))
    except Refusal as refusal:
        return _refused(refusal)
    if news is not None:
        await desk.hear.undelivered(ref, number, news)
    return Response(desk.carrier.reply(None), media_type=MediaType.XML)


async def _genuine(request: Request[Any, Any, Any], parts: WebParts) -> tuple[TextDesk, Fields]:
    """What was posted, if the carrier signed it. Raises Refusal."""
    if parts.texts is None:
        raise Refusal(404, "nobody texts here")
    signature = request.headers.get(SIGNATURE, "")
    fields = await _fields(request, parts)
    query = request.scope["query_string"].decode("latin-1")
    address = f"{parts.base_url}{request.url.path}{'?' if query else ''}{query}"
    if not parts.texts.carrier.is_genuine(address, fields, signature):
        raise Refusal(403, "bad signature")
    return parts.texts, fields


async def _fields(request: Request[Any, Any, Any], parts: WebParts) -> Fields:
    if request.content_type[0] != ENCODING:
        raise Refusal(415, "only forms are read here")
    try:
        async with asyncio.timeout(parts.webhook_deadline_s):
            body = await request.body()
    except TimeoutError:
        raise Refusal(408, "the body came too slowly") from None
    except InternalServerException:  # Litestar's word for a sender who hung up midway
        raise Refusal(400, "the body was cut short") from None
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Refusal(400, "not a form") from None


def _of_step(merchant: str, case: str, step: str) -> tuple[CaseRef, int]:
    try:
        ref = CaseRef(UUID(merchant), UUID(case))
    except ValueError:
        raise Refusal(422, "no message") from None
    if not (step.isascii() and step.isdigit() and len(step) < 5 and 0 < int(step) < MOST_STEPS):
        raise Refusal(422, "no message")
    return ref, int(step)


def _refused(refusal: Refusal) -> Response[str]:
    return Response(refusal.reason, status_code=refusal.status, media_type=MediaType.TEXT)
