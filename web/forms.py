"""Reading a posted form: small, in time, in one encoding, or in the other where a file is sent."""

import asyncio
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.exceptions import ClientException, HTTPException, InternalServerException

from web.parts import WebParts

MOST_BYTES: Final = 65_536
MOST_FIELDS: Final = 100
ENCODING: Final = "application/x-www-form-urlencoded"
WITH_FILES: Final = "multipart/form-data"


class TooSlow(HTTPException):
    """A form whose body did not arrive in time."""

    status_code = 408


async def read_form(request: Request[Any, Any, Any], parts: WebParts) -> dict[str, str]:
    """The form's fields, the last of a name; empty for any other kind of body. Files are left out,
    and come only where the route says `takes_files`."""
    kind = request.content_type[0]
    if kind == WITH_FILES and "takes_files" in request.route_handler.opt:
        sent = await _with_files(request, parts)
        return {name: value for name, value in sent.multi_items() if isinstance(value, str)}
    if kind != ENCODING:
        return {}
    try:
        async with asyncio.timeout(parts.forms_deadline_s):
            body = await request.body()
    except TimeoutError:
        raise TooSlow("The form came too slowly.") from None
    except InternalServerException:  # Litestar's word for a sender who hung up midway
        raise ClientException("The form was cut short.") from None
    try:
        text = body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise ClientException("This is not a form of ours.") from None


async def read_file(
    request: Request[Any, Any, Any], parts: WebParts, name: str, most_bytes: int
) -> bytes:
    """The file that was sent under this name, or its first `most_bytes` and one more; empty if
    there is none."""
    if request.content_type[0] != WITH_FILES:
        return b""
    sent = (await _with_files(request, parts)).get(name)
    return await sent.read(most_bytes + 1) if isinstance(sent, UploadFile) else b""


async def _with_files(request: Request[Any, Any, Any], parts: WebParts) -> FormMultiDict:
    """Read once; whoever asks again is given the same."""
    try:
        async with asyncio.timeout(parts.forms_deadline_s):
            return await request.form()
    except TimeoutError:
        raise TooSlow("The form came too slowly.") from None
    except InternalServerException:
        raise ClientException("The form was cut short.") from None
    except (ValueError, LookupError):  # text in no encoding, or in one that nobody knows
        raise ClientException("This is not a form of ours.") from None
