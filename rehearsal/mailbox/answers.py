"""Somebody answers a letter: what a mail service posts to the product then, as Postmark does.

Source: postmarkapp.com/developer/webhooks/inbound-webhook.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import aiohttp
import structlog

from rehearsal.mail_store import Mail

PATH: Final = "/webhooks/mail/postmark"
TIMEOUT_S: Final = 10.0

log = structlog.get_logger("mailbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersOptions:
    """`secret` is what the product knows the mail service by."""

    product_url: str
    secret: str
    address: str  # whose letters the product is told of


async def answer(options: AnswersOptions, mail: Mail) -> bool:
    """False if the product did not take it, or the letter asks for no such answer."""
    headers = dict(mail.headers)
    if options.address not in headers.get("Reply-To", ""):
        return False
    signed_in = {"Authorization": aiohttp.encode_basic_auth("postmark", options.secret)}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with aiohttp.request(
            "POST",
            f"{options.product_url}{PATH}",
            json=_inbound(mail, headers),
            headers=signed_in,
            timeout=timeout,
        ) as taken:
            return taken.ok
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        log.info("product_not_reached", reason=type(error).__name__)
        return False


def _inbound(mail: Mail, headers: dict[str, str]) -> dict[str, Any]:
    """As a mail program makes an answer: it follows upon the letter and what that followed upon."""
    message_id = headers.get("Message-ID", "")
    references = f"{headers.get('References', '')} {message_id}".strip()
    return {
        "From": mail.summary.recipient,
        "To": headers.get("Reply-To", ""),
        "Subject": f"Re: {mail.summary.subject}",
        "MessageID": str(uuid4()),
        "TextBody": "I will look into it, thank you.",
        "Headers": [
            {"Name": "In-Reply-To", "Value": message_id},
            {"Name": "References", "Value": references},
        ],
    }
