"""A case is the sum of its events: `replay` adds them up, `evolve` adds one."""

from collections.abc import Iterable
from functools import reduce

from msgspec.structs import replace

from domain.calendar import is_timezone
from domain.decline import DeclineFamily
from domain.network import CardUse
from domain.policy.shapes import Channel, EndAction
from domain.recovery import events as e
from domain.recovery.attention import attended
from domain.recovery.cards import card_replaced, declined
from domain.recovery.situation import situation_of
from domain.recovery.state import (
    ASKS,
    CHECK_AFTER,
    InFlight,
    Mark,
    MarkKind,
    Pause,
    RecoveryCase,
    Reminder,
)
from domain.recovery.transitions import CLOSED, TRANSITIONS

__all__ = [
    "CHECK_AFTER",
    "InFlight",
    "Mark",
    "MarkKind",
    "RecoveryCase",
    "Reminder",
    "evolve",
    "replay",
]


def replay(history: Iterable[e.Event]) -> RecoveryCase:
    """The case after all that happened."""
    return reduce(evolve, history, RecoveryCase())


def evolve(case: RecoveryCase, event: e.Event) -> RecoveryCase:
    """The case after one more event. Raises KeyError if the event cannot happen in this phase."""
    phase = TRANSITIONS[case.phase, type(event)]
    changed = _changed(case, event)
    marked = _marked(case, event)
    closed_at = event.at if phase in CLOSED and case.closed_at is None else changed.closed_at
    after = replace(
        changed, phase=phase, version=case.version + 1, marks=marked, closed_at=closed_at
    )
    return attended(case, event, after)


def _changed(case: RecoveryCase, event: e.Event) -> RecoveryCase:
    match event:
        case e.CaseOpened():
            return _opened(case, event)
        case e.ChargeDeclined() | e.AttemptDeclined():
            return declined(case, event)
        case e.AttemptPlanned() | e.AttemptStarted() | e.AttemptUnclear() | e.AttemptAbandoned():
            return _attempted(case, event)
        case e.ReminderPlanned() | e.ReminderStarted() | e.ReminderSkipped() | e.ReminderFailed():
            return _reminded(case, event)
        case e.RetriesTakenOver():
            return replace(case, stripe_retry_at=None, taken_over=True)
        case e.StripeCounted():
            return replace(case, stripe_tries=event.attempt_count)
        case e.AmountChanged():
            return replace(case, amount_minor=event.amount_minor, paid_minor=event.paid_minor)
        case e.CustomerAsked():
            return _asked(case, event)
        case e.CardReplaced():
            return card_replaced(case, event)
        case e.DatePicked() | e.PaymentPromised() | e.CasePaused() | e.CaseResumed():
            return _hushed(case, event)
        case _:
            return _ended(case, event)


def _opened(case: RecoveryCase, event: e.CaseOpened) -> RecoveryCase:
    profile = event.profile
    zones = (event.timezone, profile.timezone if profile else None)
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
        profile=profile,
        timezone=next((zone for zone in zones if zone and is_timezone(zone)), ""),
        segment=event.segment,
        arm=event.arm,
        held_out=event.held_out,
        stripe_retries=event.stripe_retries,
        outstanding=event.outstanding,
        due_at=event.due_at,
        stripe_tries=event.attempt_count,
        family=DeclineFamily.OUTSTANDING if event.outstanding else None,
        opened_at=event.at,
        closes_at=event.closes_at,
        stripe_retry_at=event.stripe_retry_at,
    )


def _attempted(
    case: RecoveryCase,
    event: e.AttemptPlanned | e.AttemptStarted | e.AttemptUnclear | e.AttemptAbandoned,
) -> RecoveryCase:
    match event:
        case e.AttemptPlanned():
            return _planned(case, event)
        case e.AttemptStarted():
            return _started(case, event)
        case e.AttemptUnclear():
            flight = case.in_flight
            assert flight is not None
            unclear = replace(
                flight,
                check_at=event.check_at,
                checks=flight.checks + 1,
                unclear_at=(*flight.unclear_at, event.at),
            )
            return replace(case, in_flight=unclear)
        case _:
            return replace(case, in_flight=None)


def _planned(case: RecoveryCase, event: e.AttemptPlanned) -> RecoveryCase:
    """A question that the decline itself raised stays asked beside a planned charge."""
    stays = case.family in ASKS and case.ask is ASKS[case.family]
    return replace(
        case,
        next_attempt_at=event.due_at,
        later_percent=event.later_percent,
        ask=case.ask if stays else None,
        asked_at=case.asked_at if stays else None,
    )


def _started(case: RecoveryCase, event: e.AttemptStarted) -> RecoveryCase:
    seen = CardUse(month=(event.at,) * event.month_tries)
    flight = InFlight(
        number=event.number,
        started_at=event.at,
        check_at=event.at + CHECK_AFTER,
        amount_minor=event.amount_minor,
        card=event.card,
        situation=situation_of(case, event.at, "", seen),
    )
    return replace(
        case,
        attempts=event.number,
        retries_on_card=case.retries_on_card + 1,
        tried_at=event.at,
        next_attempt_at=None,
        picked_at=None,
        new_card=False,
        card=event.card or case.card,
        in_flight=flight,
    )


def _asked(case: RecoveryCase, event: e.CustomerAsked) -> RecoveryCase:
    asked_at = case.asked_at if case.ask is event.ask else event.at
    first = case.asked_after is None and event.ask is not e.Ask.PAYMENT
    asked_after = case.reminders if first else case.asked_after
    return replace(
        case, ask=event.ask, asked_at=asked_at, asked_after=asked_after, next_attempt_at=None
    )


def _reminded(
    case: RecoveryCase,
    event: e.ReminderPlanned | e.ReminderStarted | e.ReminderSkipped | e.ReminderFailed,
) -> RecoveryCase:
    match event:
        case e.ReminderPlanned():
            again = Reminder(
                step=event.step,
                due_at=event.due_at,
                template=event.template,
                channel=event.channel,
            )
            return replace(case, reminder=again, reminders=min(case.reminders, event.step - 1))
        case e.ReminderStarted():
            letters = (*case.letters, event.at)
            texts = case.texts + (event.channel is Channel.SMS)
            sent = replace(
                case, wrote_at=event.at, letters=letters, texts=texts, sent=case.reminder
            )
            return replace(sent, reminder=None, reminders=event.step)
        case e.ReminderSkipped():
            return replace(case, reminder=None, reminders=event.step)
        case _:
            texted = case.sent is not None and case.sent.channel is Channel.SMS
            texts = case.texts - texted
            return replace(case, sent=None, letters=case.letters[:-1], texts=texts)


def _hushed(
    case: RecoveryCase,
    event: e.DatePicked | e.PaymentPromised | e.CasePaused | e.CaseResumed,
) -> RecoveryCase:
    """What was planned is planned anew; a charge that is on its way stays on its way."""
    quiet = replace(case, next_attempt_at=None, reminder=None)
    match event:
        case e.DatePicked():
            return replace(quiet, picked_at=event.charge_at, quiet_until=event.charge_at)
        case e.PaymentPromised():
            return replace(quiet, picked_at=None, quiet_until=event.until)
        case e.CasePaused():
            return replace(quiet, pause=Pause(by=event.by, until=event.until, about=event.about))
        case _:
            return replace(case, pause=None)


def _ended(case: RecoveryCase, event: e.Event) -> RecoveryCase:
    match event:
        case e.CaseRecovered() | e.MoneyCameLate():
            recovered = case.recovered_minor + event.amount_minor
            paid = replace(_nothing_to_end(case), recovered_minor=recovered)
            return replace(paid, in_flight=None, reminder=None)
        case e.CaseLost():
            lost = replace(case, then=event.then, end_waits=event.confirm)
            return replace(lost, in_flight=None, reminder=None)
        case e.EndActionDone() | e.EndConfirmed() | e.EndActionUndone():
            return _end_done(case, event)
        case e.MoneyReturned(reason=e.Return.REFUND):
            return _refunded(case, event.charge_id, event.amount_minor)
        case e.MoneyReturned():
            return replace(case, disputed_minor=case.disputed_minor + event.amount_minor)
        case e.MoneyReinstated(reason=e.Return.REFUND):
            return _refunded(case, event.charge_id, -event.amount_minor)
        case e.MoneyReinstated():
            return replace(case, disputed_minor=0, dispute_won=True)
        case e.MoneyOverpaid():
            return replace(case, overpaid_minor=event.amount_minor)
        case _:
            return replace(case, in_flight=None, reminder=None)


def _nothing_to_end(case: RecoveryCase) -> RecoveryCase:
    keep = EndAction.KEEP
    return replace(case, then=keep, end_waits=False, by_hand=keep)


def _end_done(
    case: RecoveryCase, event: e.EndActionDone | e.EndConfirmed | e.EndActionUndone
) -> RecoveryCase:
    """What the merchant did by hand is the merchant's to undo."""
    after = _nothing_to_end(case)
    match event:
        case e.EndConfirmed():
            return replace(case, end_waits=False)
        case e.EndActionDone(result=e.EndResult.DONE):
            return replace(after, ended_by=case.then)
        case e.EndActionDone(result=e.EndResult.BY_HAND):
            return replace(after, by_hand=case.then)
        case e.EndActionUndone(in_stripe=True):
            return replace(after, ended_by=EndAction.KEEP)
        case _:
            return after


def _refunded(case: RecoveryCase, charge_id: str, more_minor: int) -> RecoveryCase:
    of_charge = case.refunds.get(charge_id, 0) + more_minor
    return replace(
        case,
        refunded_minor=case.refunded_minor + more_minor,
        refunds={**case.refunds, charge_id: of_charge},
    )


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
    if kind is None or (isinstance(event, e.CardReplaced) and event.by is e.CardSource.BACKUP):
        return case.marks
    if isinstance(event, e.AttemptDeclined) and event.failure.charge_id in case.seen_charges:
        return case.marks
    if isinstance(event, e.ChargeDeclined | e.ReminderStarted) and not case.is_open:
        return case.marks  # the line has ended
    at = event.failure.at if isinstance(event, e.ChargeDeclined) else event.at
    return (*case.marks, Mark(at, kind))
