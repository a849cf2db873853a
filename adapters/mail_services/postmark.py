"""Postmark's webhooks: bounces, complaints, and letters that customers wrote to us.

Source: postmarkapp.com/developer/webhooks/bounce-webhook, …/spam-complaint-webhook, and
postmarkapp.com/developer/api/bounce-api (the types), …/webhooks/inbound-webhook.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from adapters.mail_services.answers import answer_of, answered
from application.ports.mail_news import Fate, MailNews, MalformedNews

NAME: Final = "postmark"
LETTER: Final = "letter"  # the metadata that our letters carry
FATES: Final = {
    "HardBounce": Fate.DEAD,
    "BadEmailAddress": Fate.DEAD,
    "SpamComplaint": Fate.COMPLAINED,
    "SpamNotification": Fate.LATER,  # the receiving server's own opinion, not a person's
    "SoftBounce": Fate.LATER,
    "Transient": Fate.LATER,
    "DnsError": Fate.LATER,
    "Blocked": Fate.LATER,
    "Undeliverable": Fate.LATER,
    "DMARCPolicy": Fate.LATER,
}
OURS: Final = ("Bounce", "SpamComplaint")

Short = Annotated[str, Meta(max_length=300)]


class _Header(Struct, rename="pascal"):
    name: str = ""
    value: str = ""


class _Told(Struct, rename="pascal"):
    """What we read of it."""

    record_type: Short = ""  # of what was written to us there is none
    type: Short = ""
    id: int = msgspec.field(name="ID", default=0)
    metadata: dict[str, str] = {}
    message_id: Short = msgspec.field(name="MessageID", default="")
    headers: list[_Header] = []


_decode: Final = msgspec.json.Decoder(_Told).decode


def postmark_news(raw: bytes) -> tuple[MailNews, ...]:
    """Empty for what is none of these, or of a letter of somebody else's. Raises MalformedNews."""
    try:
        told = _decode(raw)
    except (msgspec.MsgspecError, RecursionError) as fault:
        raise MalformedNews("not a webhook of Postmark's") from fault
    if not told.record_type:
        return _answer(told)
    fate = FATES.get("SpamComplaint" if told.record_type == "SpamComplaint" else told.type)
    message_id = told.metadata.get(LETTER, "")
    if told.record_type not in OURS or fate is None or not 0 < len(message_id) <= 300:
        return ()
    event_id = f"{told.record_type}:{told.id}"
    return (MailNews(source=NAME, event_id=event_id, message_id=message_id, fate=fate),)


def _answer(told: _Told) -> tuple[MailNews, ...]:
    if not told.message_id:
        raise MalformedNews("not a webhook of Postmark's")
    about = answered((header.name, header.value) for header in told.headers)
    return answer_of(NAME, f"Inbound:{told.message_id}"[:200], about)
