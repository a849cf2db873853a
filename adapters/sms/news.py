"""What Twilio tells of texts: an answer from a phone, and what became of one of ours."""

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

from adapters.sms.signature import TwilioSignatureCheck
from adapters.sms.twilio import DEAD, STOPPED
from application.ports.text_news import Answered, MalformedNews, Undelivered

# Source: twilio.com/docs/messaging/api/message-resource#message-status-values.
NOT_DELIVERED: Final = frozenset({"undelivered", "failed"})
LONGEST_NUMBER: Final = 20
LONGEST_WORDS: Final = 2_000  # of an answer; Twilio sends at most 1600


class TwilioNews:
    """The Carrier port."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._check = TwilioSignatureCheck(tokens)

    def is_genuine(self, address: str, fields: Sequence[tuple[str, str]], signature: str) -> bool:
        return self._check(address, fields, signature)

    def answer(self, fields: Mapping[str, str]) -> Answered:
        return read_answer(fields)

    def status(self, fields: Mapping[str, str]) -> Undelivered | None:
        return read_status(fields)

    def reply(self, words: str | None) -> str:
        return twiml(words)


def read_answer(fields: Mapping[str, str]) -> Answered:
    """Raises MalformedNews. `OptOutType` is there where Twilio has answered a STOP or a HELP by
    itself (twilio.com/docs/messaging/tutorials/advanced-opt-out)."""
    sender, words = fields.get("From", ""), fields.get("Body")
    if words is None or not _is_number(sender):
        raise MalformedNews("no number or no words")
    return Answered(
        number=sender,
        words=words[:LONGEST_WORDS],
        is_answered=bool(fields.get("OptOutType")),
    )


def read_status(fields: Mapping[str, str]) -> Undelivered | None:
    """None for a text on its way, or there. Raises MalformedNews."""
    status, number = fields.get("MessageStatus", ""), fields.get("To", "")
    if not status or not _is_number(number):
        raise MalformedNews("no status or no number")
    if status not in NOT_DELIVERED:
        return None
    told = fields.get("ErrorCode", "")
    code = int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0
    return Undelivered(
        number=number,
        reason=f"Twilio {code or status}",
        is_dead=code in DEAD,
        is_stopped=code in STOPPED,
    )


def twiml(words: str | None) -> str:
    """TwiML: what Twilio is to answer, or nothing."""
    said = f"<Message>{escape(words)}</Message>" if words else ""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>'


def _is_number(text: str) -> bool:
    return text.startswith("+") and text[1:].isdigit() and len(text) <= LONGEST_NUMBER
