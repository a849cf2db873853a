"""`POST /webhooks/mail/postmark/{secret}` and `/webhooks/mail/ses`: what became of letters.

An answer of 200 comes after the commit. Whatever is wrong with a delivery is a 4xx; 503 when it
cannot be kept just now, and the service tells it again.
"""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Annotated, Final

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.exceptions import (
    ClientException,
    InternalServerException,
    NotFoundException,
    PermissionDeniedException,
)
from litestar.params import PathParameter

from application.ports.mail_news import MailNews, MalformedNews, NotGenuine
from web.forms import TooSlow
from web.parts import MailServices, WebParts
from web.rendering import AnyRequest

PATH: Final = "/webhooks/mail"
MOST_BYTES: Final = 300_000  # SNS sends up to 256 kB


@post(f"{PATH}/postmark/{{secret:str}}", status_code=200, request_max_body_size=MOST_BYTES)
async def postmark(
    request: AnyRequest,
    secret: Annotated[str, PathParameter()],
    parts: NamedDependency[WebParts],
) -> Response[str]:
    """Postmark signs nothing: who knows the secret in the address is Postmark."""
    return await _postmark(request, parts, secret)


@post(f"{PATH}/postmark", status_code=200, request_max_body_size=MOST_BYTES)
async def postmark_with_password(
    request: AnyRequest, parts: NamedDependency[WebParts]
) -> Response[str]:
    """The same, with the secret as the password of `https://postmark:secret@…`: logs on the way do
    not have it then."""
    return await _postmark(request, parts, _password(request.headers.get("authorization", "")))


@post(f"{PATH}/ses", status_code=200, request_max_body_size=MOST_BYTES)
async def ses(request: AnyRequest, parts: NamedDependency[WebParts]) -> Response[str]:
    """Signed by Amazon SNS."""
    services = _services(parts)
    if not services.has_ses:
        raise NotFoundException
    try:
        news = await services.ses(await _body(request, parts))
    except NotGenuine:
        raise PermissionDeniedException("It does not come from there.") from None
    except MalformedNews:
        raise ClientException("This is not a message of SNS'.") from None
    return await _heard(services, news)


async def _postmark(request: AnyRequest, parts: WebParts, secret: str) -> Response[str]:
    services = _services(parts)
    known = services.postmark_secret
    if known is None or not hmac.compare_digest(known.encode(), secret.encode()):
        raise NotFoundException
    try:
        news = services.postmark(await _body(request, parts))
    except MalformedNews:
        raise ClientException("This is not a webhook of Postmark's.") from None
    return await _heard(services, news)


async def _heard(services: MailServices, news: Sequence[MailNews]) -> Response[str]:
    for each in news:
        await services.hear(each)
    return Response("{}", media_type="application/json", headers={"Cache-Control": "no-store"})


def _services(parts: WebParts) -> MailServices:
    if parts.mail_services is None:
        raise NotFoundException
    return parts.mail_services


def _password(header: str) -> str:
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


async def _body(request: AnyRequest, parts: WebParts) -> bytes:
    try:
        async with asyncio.timeout(parts.webhook_deadline_s):
            return await request.body()
    except TimeoutError:
        raise TooSlow("It came too slowly.") from None
    except InternalServerException:  # Litestar's word for a sender who hung up midway
        raise ClientException("It was cut short.") from None
