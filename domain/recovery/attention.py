"""Which stretch of time a case is in: the week after a message, or days without one.

Whoever wants to know what messages bring compares the two; `lessons` tells how each ended.
"""

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from domain.recovery import events as e
from domain.recovery.situation import situation_of
from domain.recovery.state import Attention, RecoveryCase
from domain.timing.lessons import Reaction

WEEK: Final = timedelta(days=7)
# What a customer does by their own hand.
ACTS: Final = (e.DatePicked, e.PaymentPromised)
# Stripe does not always say whose hand it was: a customer who pays by transfer has acted too.
BY_HAND: Final = (e.Payer.CUSTOMER, e.Payer.MERCHANT)


def reaction_to(case: RecoveryCase, event: e.Event) -> Reaction | None:
    """What the customer did by this event, or that the stretch ended without; None: it goes on."""
    if _acted(event):
        return Reaction.ACTED
    if _left(event):
        return Reaction.CANCELLED
    if isinstance(event, e.ReminderStarted | e.CaseLost):
        return Reaction.NOTHING
    now_asked = isinstance(event, e.CustomerAsked) and case.ask is None
    without = case.attention is not None and case.attention.message is None
    return Reaction.NOTHING if now_asked and without else None


def _acted(event: e.Event) -> bool:
    match event:
        case e.CardReplaced():
            return event.by is e.CardSource.CUSTOMER
        case e.CaseRecovered():
            return event.by in BY_HAND
        case _:
            return isinstance(event, ACTS)


def _left(event: e.Event) -> bool:
    """Whether they say, here or in Stripe, that they are no customer any more."""
    match event:
        case e.CaseStopped():
            return event.reason is e.StopReason.CANCELLED
        case e.CasePaused():
            return event.about is e.Problem.CANCELLED
        case _:
            return False


def week_is_over(case: RecoveryCase, event: e.Event) -> bool:
    """Whether a week has passed since the message, so that what follows is no answer to it."""
    attention = case.attention
    if attention is None or attention.message is None:
        return False
    return event.at - attention.since >= WEEK


def attended(before: RecoveryCase, event: e.Event, after: RecoveryCase) -> RecoveryCase:
    """`after` with the stretch of time that it is in."""
    if not after.is_open:
        return replace(after, attention=None)
    attention = _begun(before, event, after)
    return after if attention is before.attention else replace(after, attention=attention)


def _begun(before: RecoveryCase, event: e.Event, after: RecoveryCase) -> Attention | None:
    if isinstance(event, e.ReminderStarted):
        situation = situation_of(before, event.at, "")
        return Attention(since=event.at, situation=situation, message=before.reminder)
    attention = before.attention
    # The first refusal says in what situation the days without a message began; a message that
    # the mail server did not take reached nobody.
    anew = isinstance(event, e.ReminderFailed) or (
        isinstance(event, e.ChargeDeclined) and before.failed_at is None
    )
    if attention is None or anew or reaction_to(before, event) is not None:
        return Attention(since=event.at, situation=situation_of(after, event.at, ""))
    if week_is_over(before, event):
        return Attention(since=attention.since + WEEK, situation=attention.situation)
    return attention
