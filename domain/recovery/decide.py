"""The decision: what a command makes happen in a case. Pure; every rule of the chase is here."""

from datetime import datetime, timedelta
from typing import Final, assert_never

from msgspec.structs import replace

from domain.decline import family_of
from domain.network import CardUse
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.begin import begin
from domain.recovery.cards import refused
from domain.recovery.case import CHECK_AFTER, RecoveryCase, evolve
from domain.recovery.endings import after_the_end, end, overpaid
from domain.recovery.messages import message
from domain.recovery.opening import ask_another_method, ask_authentication, open_case
from domain.recovery.plan import plan, take_backup
from domain.recovery.quiet import hush
from domain.recovery.transitions import IDLE, Phase

LONGEST_CHECK: Final = timedelta(hours=6)
MOST_DOUBLINGS: Final = 6  # ten minutes are six hours by then

Events = tuple[e.Event, ...]


def decide(case: RecoveryCase, command: c.Command, basis: Basis, now: datetime) -> Events:
    """What happened because of `command`; empty means "already so", or "too late"."""
    if case.phase is Phase.NEW:
        return open_case(case, command, basis, now) if isinstance(command, c.OpenCase) else ()
    if not case.is_open:
        return after_the_end(case, command, basis, now)
    match command:
        case (
            c.OpenCase()
            | c.RecordRefund()
            | c.RecordEndAction()
            | c.ConfirmEnd()
            | c.UndoEndAction()
        ):
            return ()
        case (
            c.RecordTakeOver() | c.RecordCount() | c.RecordPartialPayment() | c.RecordOverpayment()
        ):
            return _told(case, command, now)
        case c.RecordDecline():
            return _decline(case, command, basis, now)
        case c.BeginAttempt() | c.RecordUnclear() | c.AbandonAttempt():
            return _attempt(case, command, basis, now)
        case c.RequestAuthentication():
            return _authentication(case, command, basis, now)
        case c.ReplaceCard() | c.RevokeMandate():
            return _method(case, command, basis, now)
        case c.PickDate() | c.ChargeNow() | c.PromisePayment() | c.PauseCase() | c.ResumeCase():
            return hush(case, command, basis, now)
        case c.BeginReminder() | c.SkipReminder() | c.DelayReminder() | c.FailReminder():
            return message(case, command, basis, now)
        case c.RecordPayment() | c.CloseCase() | c.WriteOff() | c.StopCase() | c.RecordDispute():
            return end(case, command, basis, now)
        case _:
            assert_never(command)


def _decline(case: RecoveryCase, command: c.RecordDecline, basis: Basis, now: datetime) -> Events:
    failure, flight = command.failure, case.in_flight
    ours = flight is not None and (command.attempt == flight.number or flight.made(failure))
    heard_in_flight = flight is not None and failure.charge_id in flight.heard
    if failure.charge_id in case.seen_charges and not (ours and heard_in_flight):
        return ()
    if flight is not None and ours:
        family = family_of(failure.decline, basis.policy.families)
        answer = e.AttemptDeclined(at=now, number=flight.number, failure=failure, family=family)
        after = evolve(case, answer)
        return (answer, *plan(after, _of_card(case, after, basis), now))
    declined = refused(failure, command.by, basis.policy, now)
    after = evolve(case, declined)
    unchanged = after.family is case.family and after.card == case.card
    if unchanged:
        return (declined,)
    return (declined, *plan(after, _of_card(case, after, basis), now))


def _of_card(before: RecoveryCase, after: RecoveryCase, basis: Basis) -> Basis:
    """What was read of the card before says nothing of another; its own is read before a charge."""
    if before.card is None or after.card is None:
        return basis
    if before.card.fingerprint == after.card.fingerprint:
        return basis
    return replace(basis, around=replace(basis.around, use=CardUse()))


def _attempt(
    case: RecoveryCase,
    command: c.BeginAttempt | c.RecordUnclear | c.AbandonAttempt,
    basis: Basis,
    now: datetime,
) -> Events:
    if isinstance(command, c.BeginAttempt):
        return begin(case, command, basis, now)
    flight = case.in_flight
    if flight is None or flight.number != command.attempt:
        return ()
    if isinstance(command, c.RecordUnclear):
        wait = min(CHECK_AFTER * 2 ** min(flight.checks, MOST_DOUBLINGS), LONGEST_CHECK)
        return (e.AttemptUnclear(at=now, number=flight.number, check_at=now + wait),)
    abandoned = e.AttemptAbandoned(at=now, number=flight.number, evidence=command.evidence)
    return (abandoned, *plan(evolve(case, abandoned), basis, now))


def _authentication(
    case: RecoveryCase, command: c.RequestAuthentication, basis: Basis, now: datetime
) -> Events:
    flight = case.in_flight
    if flight is not None and command.attempt == flight.number:
        waits = e.AttemptAbandoned(at=now, number=flight.number, evidence="authentication")
        after = evolve(case, waits)
        goes_on = case.new_card or case.pause is not None
        return (waits, *(plan if goes_on else ask_authentication)(after, basis, now))
    asked = case.new_card or case.outstanding or case.ask is e.Ask.AUTHENTICATION
    if case.phase not in IDLE or case.held_out or asked:
        return ()
    return ask_authentication(case, basis, now)


def _method(
    case: RecoveryCase, command: c.ReplaceCard | c.RevokeMandate, basis: Basis, now: datetime
) -> Events:
    if isinstance(command, c.RevokeMandate):
        return _mandate_ended(case, command, basis, now)
    return _new_card(case, command, basis, now)


def _new_card(case: RecoveryCase, command: c.ReplaceCard, basis: Basis, now: datetime) -> Events:
    if command.by is e.CardSource.BACKUP:
        return take_backup(case, basis, now)
    on_file = case.beside or case.card  # a backup stands for it, and lies in no slot
    if on_file is not None and not command.card.differs_from(on_file):
        return ()
    replaced = e.CardReplaced(at=now, card=command.card, by=command.by)
    after = evolve(case, replaced)
    return (replaced, *plan(after, _of_card(case, after, basis), now))


def _mandate_ended(
    case: RecoveryCase, command: c.RevokeMandate, basis: Basis, now: datetime
) -> Events:
    """Of a debit that is on its way the bank's answer tells; nobody asks twice."""
    concerned = case.card is not None and case.card.payment_method == command.payment_method
    asked = case.ask is e.Ask.CARD
    if not concerned or asked or case.phase not in IDLE or case.held_out:
        return ()
    return ask_another_method(case, basis, now)


def _told(
    case: RecoveryCase,
    command: c.RecordTakeOver | c.RecordCount | c.RecordPartialPayment | c.RecordOverpayment,
    now: datetime,
) -> Events:
    """News that changes no plan. When all of an invoice is paid, `RecordPayment` tells."""
    if isinstance(command, c.RecordOverpayment):
        return overpaid(case, command, now)
    if isinstance(command, c.RecordCount):  # read twice in another order, it never falls
        more = command.attempt_count > case.stripe_tries
        return (e.StripeCounted(at=now, attempt_count=command.attempt_count),) if more else ()
    if isinstance(command, c.RecordTakeOver):
        return (e.RetriesTakenOver(at=now),) if case.stripe_retry_at else ()
    left, paid = command.amount_remaining_minor, command.amount_paid_minor
    if left <= 0 or (left, paid) == (case.amount_minor, case.paid_minor):
        return ()
    return (e.AmountChanged(at=now, amount_minor=left, paid_minor=paid),)
