"""What goes over the wire, line by line. Unknown fields are ignored; any text may be null."""

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec
from msgspec import Struct

Text = str | None


class CardOnFile(Struct, frozen=True, kw_only=True):
    """The card that the next charge would use; `updated_at` if it changed since the case opened."""

    brand: Text = None
    funding: Text = None
    country: Text = None
    exp_month: int | None = None
    exp_year: int | None = None
    updated_at: datetime | None = None


class Subscription(Struct, frozen=True, kw_only=True):
    """What is being paid for."""

    started_at: datetime | None = None
    interval: Text = None


class Attempt(Struct, frozen=True, kw_only=True):
    """One charge of the invoice, the first failure included."""

    at: datetime
    outcome: Text = None
    decline_code: Text = None
    advice_code: Text = None
    network_advice_code: Text = None


class Message(Struct, frozen=True, kw_only=True):
    """One message that was sent."""

    at: datetime
    channel: Text = None
    template: Text = None


class Asked(Struct, frozen=True, kw_only=True):
    """A case: everything that is known at `now`."""

    id: str
    opened_at: datetime
    now: datetime
    amount_minor: int
    currency: str
    merchant: Text = None
    country: Text = None
    timezone: Text = None
    card: CardOnFile | None = None
    subscription: Subscription | None = None
    billing_reason: Text = None
    collection: Text = None
    attempts: tuple[Attempt, ...] = ()
    messages: tuple[Message, ...] = ()


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step."""

    id: str
    action: Literal["retry", "email", "wait", "stop"]
    at: datetime | None = None
    channel: Text = None
    template: Text = None
    reason: Text = None


class Answers(Struct, frozen=True, kw_only=True):
    """One step for each case of a request."""

    seq: int | None
    answers: tuple[Answer, ...]


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of something, told afterwards."""

    type: str
    case_id: str
    at: datetime
    succeeded: bool = False
    decline_code: Text = None
    advice_code: Text = None
    network_advice_code: Text = None
    result: Text = None
    recovered_minor: int | None = None
    via: Text = None


class Line(Struct, frozen=True, kw_only=True):
    """A line that comes in. Cases stay raw: one that cannot be read must not spoil the others."""

    op: Text = None
    seq: int | None = None
    cases: tuple[msgspec.Raw, ...] = ()
    case: msgspec.Raw = msgspec.Raw()
    outcomes: tuple[msgspec.Raw, ...] = ()
    outcome: msgspec.Raw = msgspec.Raw()


class _Named(Struct, frozen=True):
    """All that must be readable of a case to answer it at all."""

    id: str
    now: datetime


line_of: Final = msgspec.json.Decoder(Line).decode
_asked: Final = msgspec.json.Decoder(Asked).decode
named_of: Final = msgspec.json.Decoder(_Named).decode
_outcome: Final = msgspec.json.Decoder(Outcome).decode
_encode: Final = msgspec.json.Encoder().encode


def asked_of(raw: msgspec.Raw) -> Asked:
    """A case, its instants in UTC. Raises msgspec.ValidationError."""
    return _asked(raw)


def outcome_of(raw: msgspec.Raw) -> Outcome:
    """An outcome. Raises msgspec.ValidationError."""
    return _outcome(raw)


def line(answer: Answer | Answers) -> bytes:
    """One line to be written."""
    return _encode(answer) + b"\n"


def utc(instant: datetime) -> datetime:
    """The same instant, aware and in UTC; one without an offset is read as UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
