"""A case is the sum of its events: `replay` adds them up, `evolve` adds one."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.decline import Decline, DeclineFamily
from domain.invoice import Card
from domain.recovery import events as e
from domain.recovery.transitions import CLOSED, TRANSITIONS, Phase

# An attempt without an outcome by then is looked into: longer than any call to Stripe lasts.
CHECK_AFTER: Final = timedelta(minutes=10)


class MarkKind(StrEnum):
    """The shapes on the chase line."""

    FAILED = "failed"
    TRIED = "tried"
    WROTE = "wrote"
    CUSTOMER = "customer"
    PAID = "paid"
    ENDED = "ended"


class Mark(Struct, frozen=True, array_like=True):
    """One point on the chase line."""

    at: datetime
    kind: MarkKind


class InFlight(Struct, frozen=True, kw_only=True):
    """Our attempt whose outcome is not known yet."""

    number: int
    started_at: datetime
    check_at: datetime
    amount_minor: int
    card: Card | None = None
    checks: int = 0
    # Declines heard of meanwhile without a word on whose they are: one may be this attempt's own.
    heard: frozenset[str] = frozenset()


class Reminder(Struct, frozen=True, kw_only=True):
    """The next message that is due."""

    step: int
    due_at: datetime


class RecoveryCase(Struct, frozen=True, kw_only=True):
    """The state of one case. Never stored as truth: the events are."""

    phase: Phase = Phase.NEW
    version: int = 0
    account: str = ""
    invoice_id: str = ""
    number: str | None = None
    customer_id: str | None = None
    subscription_id: str | None = None
    amount_minor: int = 0
    currency: str = ""
    policy_version: int = 0
    opened_at: datetime | None = None
    closes_at: datetime | None = None
    stripe_retry_at: datetime | None = None  # only until Stripe's retries are taken over
    family: DeclineFamily | None = None
    decline: Decline = Decline()
    card_news_at: datetime | None = None  # when the present card was refused last, or given
    card: Card | None = None
    new_card: bool = False  # given by the customer and not tried yet
    old_cards: frozenset[str] = frozenset()  # payment methods that a newer one has replaced
    seen_charges: frozenset[str] = frozenset()
    attempts: int = 0  # ours, started
    retries_on_card: int = 0  # ours, since the card changed
    next_attempt_at: datetime | None = None
    in_flight: InFlight | None = None
    ask: e.Ask | None = None
    reminder: Reminder | None = None
    reminders: int = 0  # steps begun or skipped
    wrote_at: datetime | None = None
    recovered_minor: int = 0
    closed_at: datetime | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def is_open(self) -> bool:
        """True while there is something to do."""
        return self.phase is not Phase.NEW and self.phase not in CLOSED


def replay(history: Iterable[e.Event]) -> RecoveryCase:
    """The case after all that happened."""
    return reduce(evolve, history, RecoveryCase())


def evolve(case: RecoveryCase, event: e.Event) -> RecoveryCase:
    """The case after one more event. Raises KeyError if the event cannot happen in this phase."""
    phase = TRANSITIONS[case.phase, type(event)]
    changed = _changed(case, event)
    marked = _marked(case, event)
    closed_at = event.at if phase in CLOSED and case.closed_at is None else changed.closed_at
    return replace(
        changed, phase=phase, version=case.version + 1, marks=marked, closed_at=closed_at
    )


def _changed(case: RecoveryCase, event: e.Event) -> RecoveryCase:
    match event:
        case e.CaseOpened():
            return _opened(case, event)
        case e.ChargeDeclined() | e.AttemptDeclined():
            return _declined(case, event)
        case e.AttemptPlanned() | e.AttemptStarted() | e.AttemptUnclear() | e.AttemptAbandoned():
            return _attempted(case, event)
        case e.ReminderPlanned() | e.ReminderStarted() | e.ReminderSkipped() | e.ReminderFailed():
            return _reminded(case, event)
        case e.RetriesTakenOver():
            return replace(case, stripe_retry_at=None)
        case e.AmountChanged():
            return replace(case, amount_minor=event.amount_minor)
        case e.CustomerAsked():
            return replace(case, ask=event.ask, next_attempt_at=None)
        case e.CardReplaced():
            return _card_replaced(case, event)
        case e.CaseRecovered() | e.MoneyCameLate():
            return replace(
                case, recovered_minor=case.recovered_minor + event.amount_minor, in_flight=None
            )
        case e.CaseLost() | e.CaseStopped():
            return replace(case, in_flight=None)


def _opened(case: RecoveryCase, event: e.CaseOpened) -> RecoveryCase:
    return replace(
        case,
        account=event.account,
        invoice_id=event.invoice_id,
        number=event.number,
        customer_id=event.customer_id,
        subscription_id=event.subscription_id,
        amount_minor=event.amount_minor,
        currency=event.currency,
        policy_version=event.policy_version,
        opened_at=event.at,
        closes_at=event.closes_at,
        stripe_retry_at=event.stripe_retry_at,
    )


def _declined(case: RecoveryCase, event: e.ChargeDeclined | e.AttemptDeclined) -> RecoveryCase:
    failure, flight = event.failure, case.in_flight
    card = failure.card or (flight.card if flight is not None else None) or case.card
    if flight is not None:
        flight = replace(flight, heard=flight.heard | {failure.charge_id})
    seen = replace(
        case,
        seen_charges=case.seen_charges | {failure.charge_id},
        in_flight=None if isinstance(event, e.AttemptDeclined) else flight,
    )
    if not _is_latest(case, failure.at, card):
        return seen
    return replace(
        seen,
        family=event.family,
        decline=failure.decline,
        card_news_at=failure.at,
        card=card,
        new_card=False,
    )


def _is_latest(case: RecoveryCase, at: datetime, card: Card | None) -> bool:
    """False for news of a card that has been replaced since, and for news older than ours."""
    if card is not None and card.payment_method in case.old_cards:
        return False
    return case.card_news_at is None or at >= case.card_news_at


def _card_replaced(case: RecoveryCase, event: e.CardReplaced) -> RecoveryCase:
    """What the bank said of the card before says nothing about this one."""
    before = {case.card.payment_method} if case.card is not None else set()
    return replace(
        case,
        card=event.card,
        new_card=True,
        old_cards=(case.old_cards | before) - {event.card.payment_method},
        retries_on_card=0,
        family=None,
        decline=Decline(),
        card_news_at=event.at.replace(microsecond=0),  # Stripe's instants are whole seconds
    )


def _attempted(
    case: RecoveryCase,
    event: e.AttemptPlanned | e.AttemptStarted | e.AttemptUnclear | e.AttemptAbandoned,
) -> RecoveryCase:
    match event:
        case e.AttemptPlanned():
            return replace(case, next_attempt_at=event.due_at, ask=None)
        case e.AttemptStarted():
            return replace(
                case,
                attempts=event.number,
                retries_on_card=case.retries_on_card + 1,
                next_attempt_at=None,
                new_card=False,
                card=event.card or case.card,
                in_flight=InFlight(
                    number=event.number,
                    started_at=event.at,
                    check_at=event.at + CHECK_AFTER,
                    amount_minor=event.amount_minor,
                    card=event.card,
                ),
            )
        case e.AttemptUnclear():
            flight = case.in_flight
            assert flight is not None
            unclear = replace(flight, check_at=event.check_at, checks=flight.checks + 1)
            return replace(case, in_flight=unclear)
        case e.AttemptAbandoned():
            return replace(case, in_flight=None)


def _reminded(
    case: RecoveryCase,
    event: e.ReminderPlanned | e.ReminderStarted | e.ReminderSkipped | e.ReminderFailed,
) -> RecoveryCase:
    if isinstance(event, e.ReminderPlanned):
        again = Reminder(step=event.step, due_at=event.due_at)
        return replace(case, reminder=again, reminders=event.step - 1)
    if isinstance(event, e.ReminderFailed):
        return case
    wrote_at = event.at if isinstance(event, e.ReminderStarted) else case.wrote_at
    return replace(case, reminder=None, reminders=event.step, wrote_at=wrote_at)


_MARKS: dict[type[e.Event], MarkKind] = {
    e.ChargeDeclined: MarkKind.FAILED,
    e.AttemptDeclined: MarkKind.FAILED,
    e.AttemptStarted: MarkKind.TRIED,
    e.ReminderStarted: MarkKind.WROTE,
    e.CardReplaced: MarkKind.CUSTOMER,
    e.CaseRecovered: MarkKind.PAID,
    e.MoneyCameLate: MarkKind.PAID,
    e.CaseLost: MarkKind.ENDED,
    e.CaseStopped: MarkKind.ENDED,
}


def _marked(case: RecoveryCase, event: e.Event) -> tuple[Mark, ...]:
    kind = _MARKS.get(type(event))
    if kind is None:
        return case.marks
    if isinstance(event, e.AttemptDeclined) and event.failure.charge_id in case.seen_charges:
        return case.marks
    if isinstance(event, e.ChargeDeclined) and not case.is_open:
        return case.marks  # the line has ended
    at = event.failure.at if isinstance(event, e.ChargeDeclined) else event.at
    return (*case.marks, Mark(at, kind))
