"""Amazon SES, through a topic of SNS': bounces, complaints, and letters that customers wrote to us.

Source: docs.aws.amazon.com/ses/latest/dg/notification-contents.html, …/event-publishing-…,
…/receiving-email-notifications-contents.html (of type Received).
"""

from typing import Any, Final

import msgspec
from msgspec import Struct

from adapters.mail_services.answers import answer_of, answered
from application.ports.mail_news import Fate, MailNews, MalformedNews

NAME: Final = "ses"
PERMANENT: Final = "Permanent"
# Permanent, and still no word about the address.
NOT_THE_ADDRESS: Final = frozenset({"ContentRejected", "AttachmentRejected", "MessageTooLarge"})
NOT_SPAM: Final = "not-spam"  # somebody took a letter out of the spam folder


class _Bounce(Struct, rename="camel"):
    bounce_type: str = ""
    bounce_sub_type: str = ""


class _Complaint(Struct, rename="camel"):
    complaint_feedback_type: str | None = None


class _Header(Struct):
    name: str = ""
    value: str = ""


class _Mail(Struct, rename="camel"):
    common_headers: dict[str, Any] = {}
    headers: list[_Header] = []


class _Told(Struct, rename="camel"):
    """A notification, or an event that is published: they differ in one name."""

    mail: _Mail
    notification_type: str = ""
    event_type: str = ""
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None


_decode: Final = msgspec.json.Decoder(_Told).decode


def ses_news(event_id: str, message: str) -> tuple[MailNews, ...]:
    """Empty for what is neither, or of a letter without our id. Raises MalformedNews."""
    try:
        told = _decode(message)
    except (msgspec.MsgspecError, RecursionError) as fault:
        raise MalformedNews("not a notification of SES'") from fault
    if told.notification_type == "Received":
        about = answered((header.name, header.value) for header in told.mail.headers)
        return answer_of(NAME, event_id[:200], about)
    fate, message_id = _fate(told), _message_id(told.mail)
    if fate is None or not 0 < len(message_id) <= 300:
        return ()
    return (MailNews(source=NAME, event_id=event_id[:200], message_id=message_id, fate=fate),)


def _fate(told: _Told) -> Fate | None:
    match told.notification_type or told.event_type:
        case "Complaint":
            kind = told.complaint.complaint_feedback_type if told.complaint else None
            return None if kind == NOT_SPAM else Fate.COMPLAINED
        case "Bounce" if told.bounce is not None:
            is_final = told.bounce.bounce_type == PERMANENT
            is_dead = is_final and told.bounce.bounce_sub_type not in NOT_THE_ADDRESS
            return Fate.DEAD if is_dead else Fate.LATER
        case _:
            return None


def _message_id(mail: _Mail) -> str:
    """Ours, from the headers as we sent them; SES gives letters another."""
    found = mail.common_headers.get("messageId")
    if not isinstance(found, str):
        ids = (each.value for each in mail.headers if each.name.lower() == "message-id")
        found = next(ids, "")
    return found.strip().removeprefix("<").removesuffix(">")
