"""The anti-corruption layer for Stripe's events, whichever API version shaped them.

An event is a hint. What all shapes agree on is read here; what only one of them tells (payment
intent, charge, decline) is never taken from an event but read anew.
"""

from typing import Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from adapters.stripe import event_shapes as shape
from adapters.stripe.event_shapes import Heard
from adapters.stripe.event_types import NEEDED, READERS
from adapters.stripe.thin_events import OBJECT as THIN
from adapters.stripe.thin_events import hear, read_thin
from application.ports.conveyor import IncomingEvent
from application.ports.payments import MalformedEvent, Shown

# What an endpoint must be sent; the runbook lists the same.
READ_TYPES: Final = frozenset(NEEDED)


class _Anything(Struct, frozen=True):
    """A JSON object, whatever it holds."""


class _Subject(Struct, frozen=True):
    object: _Anything


class _Snapshot(Struct, frozen=True, gc=False, tag_field="object", tag="event"):
    id: shape.Id
    type: shape.Id
    livemode: bool
    created: shape.Seconds
    data: _Subject
    account: shape.Id | None = None

    @property
    def of_account(self) -> str | None:
        return self.account


class _Thin(Struct, frozen=True, gc=False, tag_field="object", tag=THIN):
    """`context` is an account, or the way to one through an organisation: "org_1/acct_1"."""

    id: shape.Id
    type: shape.Id
    livemode: bool
    created: shape.Instant
    context: shape.Id | None = None

    @property
    def of_account(self) -> str | None:
        return self.context.rpartition("/")[2] if self.context else None


_envelope = msgspec.json.Decoder(_Snapshot | _Thin).decode


class _Kind(Struct, frozen=True):
    object: Literal["event", "v2.core.event"] = "event"


_kind = msgspec.json.Decoder(_Kind).decode


def read_envelope(raw: bytes) -> IncomingEvent:
    """The event as intake keeps it; raises MalformedEvent for any body that Stripe would not send.

    The body inside is only skipped over, so this costs microseconds, not its parsing.
    """
    try:
        raw.decode()  # msgspec does not check the strings it skips
        seen = _envelope(raw)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise MalformedEvent(type(error).__name__) from error
    return IncomingEvent(
        event_id=seen.id, account=seen.of_account, livemode=seen.livemode, type=seen.type, raw=raw
    )


class StripeEventReader:
    """The StripeEvents port."""

    def signal(self, raw: bytes, shown: Shown | None = None) -> Heard:
        """None for an event that is no news to us; MalformedEvent for one that is none."""
        try:
            return _read(raw, shown)
        except (ValueError, RecursionError) as error:
            raise MalformedEvent(type(error).__name__) from error


def _read(raw: bytes, shown: Shown | None) -> Heard:
    thin = read_thin(raw) if _kind(raw).object == THIN else None
    if shown is None and thin is not None:
        return hear(thin)
    event = shape.read_event(raw) if thin is None else thin.as_event(thin.name)
    if shown is not None:
        subject = shape.Data(object=msgspec.Raw(shown.body))
        event = replace(event, type=shown.untold.read_as, data=subject)
    reader = READERS.get(event.type)
    return None if reader is None else reader(event)
