"""Policy protocol, version 1: what a case looks like from outside, and what counts as an answer."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from rehearsal.worlds.shapes import Card, Decline, Truth

LATE_S: Final = 60  # an instant may be so much before `now`
CHANNELS: Final = ("email", "sms")
TEMPLATES: Final = ("payment_failed", "update_card", "authenticate", "final_notice")
ACTIONS: Final = frozenset({"retry", "email", "wait", "stop", "give_up"})
Case = dict[str, Any]
Request = dict[str, Any]


class Step(Struct, frozen=True, gc=False):
    """A valid answer. `at` is unix seconds, not before `now`."""

    action: str
    at: int
    channel: str = "email"
    template: str = "payment_failed"


class Fault(ValueError):
    """An answer that the protocol does not know; the text says why."""


@lru_cache(maxsize=200_000)
def iso(at: int) -> str:
    """A unix instant as the protocol writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def attempt_line(at: int, decline: Decline | None) -> dict[str, Any]:
    """An entry of `attempts`; no decline: it succeeded."""
    said = decline or Decline(None, None, None)
    return {
        "at": iso(at),
        "outcome": "failed" if decline else "succeeded",
        "decline_code": said.code,
        "advice_code": said.advice,
        "network_advice_code": said.network_advice,
    }


def case_frame(truth: Truth) -> Case:
    """All that does not change while the case is open."""
    return {
        "id": truth.id,
        "merchant": truth.merchant,
        "amount_minor": truth.amount_minor,
        "currency": truth.currency,
        "country": truth.country,
        "timezone": truth.shown_zone,
        "subscription": {"started_at": iso(truth.started_at), "interval": truth.interval},
        "billing_reason": truth.billing_reason,
        "collection": "charge_automatically",
        "opened_at": iso(truth.opened_at),
    }


def card_line(card: Card, updated_at: int | None) -> dict[str, Any]:
    """`card` of a case."""
    return {
        "brand": card.brand,
        "funding": card.funding,
        "country": card.country,
        "exp_month": card.exp_month,
        "exp_year": card.exp_year,
        "updated_at": None if updated_at is None else iso(updated_at),
    }


def read_answer(answer: Any, now: int) -> Step:
    """The step of one answer. Raises Fault, saying what is wrong with it."""
    if not isinstance(answer, dict):
        raise Fault("no answer")
    action = answer.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise Fault(f"unknown action {action!r}")
    if action in {"stop", "give_up"}:
        return Step(action, now)
    at = _instant(answer.get("at"))
    if at < now - LATE_S:
        raise Fault("at is before now")
    if action == "wait" and at <= now:
        raise Fault("the wait does not move forward")
    channel, template = answer.get("channel", "email"), answer.get("template", "payment_failed")
    if action == "email" and channel not in CHANNELS:
        raise Fault(f"unknown channel {channel!r}")
    if action == "email" and template not in TEMPLATES:
        raise Fault(f"unknown template {template!r}")
    return Step(action, max(at, now), str(channel), str(template))


def _instant(text: Any) -> int:
    if not isinstance(text, str):
        raise Fault("at is missing")
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Fault(f"at is no instant: {text!r}") from error
    if found.tzinfo is None:
        raise Fault(f"at has no offset: {text!r}")
    return int(found.timestamp())
