"""Postmark's webhooks: bounces and complaints.

Source: postmarkapp.com/developer/webhooks/bounce-webhook, …/spam-complaint-webhook, and
postmarkapp.com/developer/api/bounce-api (the types).
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

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


class _Told(Struct, rename="pascal"):
    """What we read of it."""

    record_type: Short
    type: Short = ""
    id: int = msgspec.field(name="ID", default=0)
    metadata: dict[str, str] = {}


_decode: Final = msgspec.json.Decoder(_Told).decode


def postmark_news(raw: bytes) -> tuple[MailNews, ...]:
    """Empty for what is no bounce, or of a letter of somebody else's. Raises MalformedNews."""
    try:
        told = _decode(raw)
    except (msgspec.MsgspecError, RecursionError) as fault:
        raise MalformedNews("not a webhook of Postmark's") from fault
    fate = FATES.get("SpamComplaint" if told.record_type == "SpamComplaint" else told.type)
    message_id = told.metadata.get(LETTER, "")
    if told.record_type not in OURS or fate is None or not 0 < len(message_id) <= 300:
        return ()
    event_id = f"{told.record_type}:{told.id}"
    return (MailNews(source=NAME, event_id=event_id, message_id=message_id, fate=fate),)
