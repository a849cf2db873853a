"""Handing over a text message: the sibling of the mailer, with the same answers."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from application.ports.mailer import MailRefused

# (what somebody typed, country or None) -> the mobile number as E.164; None if it is none
ReadMobile = Callable[[str, str | None], str | None]


class Text(Struct, frozen=True, kw_only=True):
    """One text message to one person, rendered."""

    message_id: str  # as a letter's
    to: str  # E.164
    body: str
    told: str  # the body without its link: what is kept of it
    news_url: str  # where the carrier tells what became of it


class TextStopped(MailRefused):
    """Its reader has answered STOP, which the carrier knew before us."""


class Texter(Protocol):
    """One verb."""

    async def send(self, text: Text) -> None:
        """Returns when the carrier took it, or may have: silence counts as yes. Raises MailRefused
        (`is_dead`: no mobile has that number) or TextStopped for good; MailDeferred for now."""
        ...
