"""What the rehearsal's Twilio posts to the product, signed as Twilio does."""

import asyncio
import hmac
import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha1
from html import unescape
from typing import Final

import aiohttp
import structlog

TIMEOUT_S: Final = 10.0
TRIES: Final = 20
PAUSE_S: Final = 0.5
MESSAGE: Final = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)

log = structlog.get_logger("twilio_double")


def signature(token: str, address: str, fields: Mapping[str, str]) -> str:
    """X-Twilio-Signature. Source: twilio.com/docs/usage/security."""
    text = address + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return b64encode(hmac.new(token.encode(), text.encode(), sha1).digest()).decode()


async def post(token: str, address: str, fields: Mapping[str, str]) -> str | None:
    """Until it is heard, for ten seconds: the answer's words, or None if nobody heard it."""
    headers = {"X-Twilio-Signature": signature(token, address, fields)}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    for _ in range(TRIES):
        try:
            async with aiohttp.request(
                "POST", address, data=fields, headers=headers, timeout=timeout
            ) as answer:
                if answer.status < 500:
                    return _said(await answer.text()) if answer.ok else None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.info("product_not_reached", reason=type(error).__name__)
        await asyncio.sleep(PAUSE_S)
    return None


def _said(twiml: str) -> str:
    found = MESSAGE.search(twiml)
    return unescape(found[1]) if found else ""
