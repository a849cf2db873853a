"""What one outcome teaches: the situation as it was, what we did, and what came of it."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain.policy.shapes import Channel, Template
from domain.timing.situation import Situation


class Reaction(StrEnum):
    """What a customer did within a week of a message."""

    NOTHING = "nothing"
    ACTED = "acted"  # gave another card, authenticated, or paid
    CANCELLED = "cancelled"


class ChargeLesson(Struct, frozen=True, kw_only=True, tag="charge", omit_defaults=True):
    """A charge of ours and whether it went through."""

    situation: Situation
    at: datetime
    succeeded: bool


class MessageLesson(Struct, frozen=True, kw_only=True, tag="message", omit_defaults=True):
    """A message and what followed within a week, or until the next message."""

    situation: Situation
    at: datetime
    template: Template
    channel: Channel
    reaction: Reaction


class QuietLesson(Struct, frozen=True, kw_only=True, tag="quiet", omit_defaults=True):
    """Days without a message, and what the customer did by their own: the baseline."""

    situation: Situation
    at: datetime
    days: int
    reaction: Reaction


Lesson = ChargeLesson | MessageLesson | QuietLesson
