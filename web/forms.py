"""Reading a posted form: small, in time, in one encoding."""

import asyncio
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request
from litestar.exceptions import ClientException, HTTPException, InternalServerException

from web.parts import WebParts

MOST_BYTES: Final = 65_536
MOST_FIELDS: Final = 100
ENCODING: Final = "application/x-www-form-urlencoded"


class TooSlow(HTTPException):
    """A form whose body did not arrive in time."""

    status_code = 408


async def read_form(request: Request[Any, Any, Any], parts: WebParts) -> dict[str, str]:
    """The form's fields, the last of a name; empty for any other kind of body."""
    if request.content_type[0] != ENCODING:
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
