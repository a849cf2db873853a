"""What a preview shows: the case's own events, in their order."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from domain.policy.shapes import Channel, Template
from domain.recovery import events as e
from domain.recovery.why import Why

CHARGE: Final = "attempt_started"
MESSAGE: Final = "reminder_started"
PLANNED: Final = (e.AttemptPlanned, e.ReminderPlanned)


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step: when, what (the tag of the case's event), by which rule, and the whole reason."""

    at: datetime
    what: str
    rule: str = ""
    due_at: datetime | None = None  # of what was planned
    template: Template | None = None  # of a message
    channel: Channel = Channel.EMAIL
    why: Why | None = None


class Timeline(Struct, frozen=True, kw_only=True):
    """All steps of a case; `ended` is False only if the steps allowed were not enough."""

    entries: tuple[Entry, ...]
    closes_at: datetime | None  # the end of the window; None if no case was opened
    phase: str
    ended: bool

    @property
    def charges(self) -> tuple[datetime, ...]:
        """When the card was charged."""
        return self._instants(CHARGE)

    @property
    def messages(self) -> tuple[datetime, ...]:
        """When the customer was written to."""
        return self._instants(MESSAGE)

    def _instants(self, what: str) -> tuple[datetime, ...]:
        return tuple(entry.at for entry in self.entries if entry.what == what)


def entry_of(event: e.Event) -> Entry:
    """An event as a line of the preview."""
    planned = event if isinstance(event, PLANNED) else None
    return Entry(
        at=event.at,
        what=str(event.__struct_config__.tag),
        rule=getattr(event, "rule", ""),
        due_at=planned.due_at if planned else None,
        template=getattr(event, "template", None),
        channel=getattr(event, "channel", Channel.EMAIL),
        why=getattr(event, "why", None),
    )
