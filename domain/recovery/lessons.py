"""What a change of a case taught: each charge of ours and each message once, and days without."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from domain.recovery import events as e
from domain.recovery.attention import WEEK, reaction_to, week_is_over
from domain.recovery.case import evolve
from domain.recovery.state import Attention, RecoveryCase
from domain.timing.lessons import ChargeLesson, Lesson, MessageLesson, QuietLesson, Reaction

DAY: Final = timedelta(days=1)


def lessons(
    before: RecoveryCase, events: Iterable[e.Event], after: RecoveryCase, merchant: str
) -> tuple[Lesson, ...]:
    """The lessons of `events`, which led from `before` to `after`, under the merchant's key.

    The key must be that of `Circumstances.merchant` (the Stripe account where that is empty), or a
    merchant's own experience is not found again. A message cut short by our own charge going
    through, or by a stop that is not the customer's doing, teaches nothing.
    """
    case, learned = before, list[Lesson]()
    for event in events:
        learned += _charged(case, event, merchant)
        learned += _reacted(case, event, merchant)
        case = evolve(case, event)
    assert case.version == after.version
    return tuple(learned)


def _charged(case: RecoveryCase, event: e.Event, merchant: str) -> Iterator[Lesson]:
    flight = case.in_flight
    if flight is None or flight.situation is None:
        return
    paid = isinstance(event, e.CaseRecovered) and event.by is e.Payer.CHARGECHASE
    if paid or isinstance(event, e.AttemptDeclined):
        situation = replace(flight.situation, merchant=merchant)
        yield ChargeLesson(situation=situation, at=flight.started_at, succeeded=paid)


def _reacted(case: RecoveryCase, event: e.Event, merchant: str) -> Iterator[Lesson]:
    attention, reaction = case.attention, reaction_to(case, event)
    if attention is None:
        return
    attention = replace(attention, situation=replace(attention.situation, merchant=merchant))
    if week_is_over(case, event):
        yield _of_message(attention, Reaction.NOTHING)
        attention = replace(attention, since=attention.since + WEEK, message=None)
    if reaction is None:
        return
    if attention.message is not None:
        yield _of_message(attention, reaction)
    else:
        yield from _of_quiet(attention, event, reaction)


def _of_message(attention: Attention, reaction: Reaction) -> MessageLesson:
    message = attention.message
    assert message is not None
    return MessageLesson(
        situation=attention.situation,
        at=attention.since,
        template=message.template,
        channel=message.channel,
        reaction=reaction,
    )


def _of_quiet(attention: Attention, event: e.Event, reaction: Reaction) -> Iterator[QuietLesson]:
    """Whole days, rounded; a customer who acts does so within a day at least."""
    days = (event.at - attention.since + DAY / 2) // DAY
    if reaction is not Reaction.NOTHING:
        days = max(1, days)
    if days > 0:
        yield QuietLesson(
            situation=attention.situation, at=attention.since, days=days, reaction=reaction
        )
