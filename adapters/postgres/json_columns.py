"""What stands in `jsonb` columns: events, cards, marks and policies, by msgspec's own encoding."""

from typing import Any, Final

import msgspec

from domain.invoice import Card
from domain.policy import Policy
from domain.recovery.events import Event
from domain.recovery.explain import Decision
from domain.recovery.state import Mark
from domain.timing.lessons import Lesson

_encoder: Final = msgspec.json.Encoder()
event_of: Final = msgspec.json.Decoder(Event).decode
history_of: Final = msgspec.json.Decoder(tuple[Event, ...]).decode
card_of: Final = msgspec.json.Decoder(Card).decode
decision_of: Final = msgspec.json.Decoder(Decision).decode
lesson_of: Final = msgspec.json.Decoder(Lesson).decode
marks_of: Final = msgspec.json.Decoder(tuple[Mark, ...]).decode
policy_of: Final = msgspec.json.Decoder(Policy).decode


def as_json(value: Any) -> str:
    """Text for a `jsonb` parameter."""
    return _encoder.encode(value).decode()


def tag_of(event: Event) -> str:
    """The name under which an event is stored for ever."""
    return str(event.__struct_config__.tag)
