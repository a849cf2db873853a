"""How a case ends, and what is still written down once it has."""

from datetime import datetime

from msgspec.structs import replace

from domain.policy import Policy
from domain.policy.shapes import (
    IRREVERSIBLE,
    OF_SUBSCRIPTION,
    UNDOABLE,
    EndAction,
    StripeRetries,
)
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.cards import refused
from domain.recovery.receipt import plan_receipt, receipt
from domain.recovery.state import RecoveryCase
from domain.recovery.transitions import Phase

Events = tuple[e.Event, ...]
Ending = c.RecordPayment | c.CloseCase | c.WriteOff | c.StopCase | c.RecordDispute


def over(case: RecoveryCase, basis: Basis, now: datetime) -> e.CaseLost:
    """The window is over: lost, and then what the policy wants done in Stripe."""
    then = basis.policy.end
    nothing_to_end = then in OF_SUBSCRIPTION and case.subscription_id is None
    nothing_to_give = then is EndAction.HAND_BACK and not case.taken_over
    if case.held_out or nothing_to_end or nothing_to_give:
        then = EndAction.KEEP
    confirm = basis.policy.confirm_end and then in IRREVERSIBLE
    return e.CaseLost(at=now, reason=e.LossReason.WINDOW_OVER, then=then, confirm=confirm)


def end(case: RecoveryCase, command: Ending, basis: Basis, now: datetime) -> Events:
    """The end of an open case, if the command brings it."""
    match command:
        case c.RecordPayment():
            paid = _paid(case, command, basis.policy, now)
            return (paid, *plan_receipt(case, paid, basis))
        case c.WriteOff():
            return (e.CaseLost(at=now, reason=e.LossReason.WRITTEN_OFF),)
        case c.StopCase():
            return (e.CaseStopped(at=now, reason=command.reason),)
        case c.RecordDispute():
            if command.state is e.DisputeState.WON:
                return ()
            return (e.CaseStopped(at=now, reason=e.StopReason.DISPUTED),)
        case _:
            assert case.closes_at is not None
            done = now >= case.closes_at and case.in_flight is None
            return (over(case, basis, now),) if done else ()


def after_the_end(case: RecoveryCase, command: c.Command, basis: Basis, now: datetime) -> Events:
    """The case stays as it ended; what comes late is written down once."""
    match command:
        case c.RecordDecline():
            seen = command.failure.charge_id in case.seen_charges
            return () if seen else (refused(command.failure, command.by, basis.policy, now),)
        case c.RecordPayment():
            return _late(case, command, now)
        case c.RecordRefund():
            return _refunded(case, command, now)
        case c.RecordDispute():
            return _disputed(case, command, now)
        case c.RecordOverpayment():
            return overpaid(case, command, now)
        case c.RecordEndAction() | c.ConfirmEnd() | c.UndoEndAction():
            return _of_the_end(case, command, now)
        case c.BeginReminder() | c.SkipReminder() | c.FailReminder():
            return receipt(case, command, now) if case.phase is Phase.RECOVERED else ()
        case _:
            return ()


def _of_the_end(
    case: RecoveryCase, command: c.RecordEndAction | c.ConfirmEnd | c.UndoEndAction, now: datetime
) -> Events:
    """An end is done once; what waits for the merchant is not done before the merchant says so."""
    match command:
        case c.ConfirmEnd():
            return (e.EndConfirmed(at=now),) if case.end_waits else ()
        case c.UndoEndAction() if case.end_needs_merchant:
            return (e.EndActionUndone(at=now, in_stripe=False),)
        case c.UndoEndAction():
            return (e.EndActionUndone(at=now),) if case.ended_by in UNDOABLE else ()
        case _:
            return _end_told(case, command, now)


def _end_told(case: RecoveryCase, command: c.RecordEndAction, now: datetime) -> Events:
    ours = case.then is not EndAction.KEEP and not case.end_waits
    theirs = case.by_hand is not EndAction.KEEP and command.outcome is e.EndResult.DONE
    if not ours and not theirs:
        return ()
    return (e.EndActionDone(at=now, result=command.outcome, reason=command.reason),)


def _paid(
    case: RecoveryCase, command: c.RecordPayment, policy: Policy, now: datetime
) -> e.CaseRecovered:
    flight = case.in_flight
    if command.by is e.Payer.STRIPE and flight is not None and flight.is_debit:
        # While a debit is on its way nobody else can pay: what came was our own.
        command = replace(command, by=e.Payer.CHARGECHASE, attempt=flight.number)
    return e.CaseRecovered(
        at=now,
        amount_minor=command.amount_minor,
        by=_payer(case, command.by, policy),
        attempt=command.attempt,
    )


def _payer(case: RecoveryCase, by: e.Payer, policy: Policy) -> e.Payer:
    """Stripe does not charge by itself what we took over, nor a bill that is paid by hand: then it
    was the customer, on a page."""
    taken_over = (
        policy.stripe_retries is StripeRetries.TAKE_OVER
        and case.stripe_retry_at is None
        and not case.held_out
    )
    by_hand = taken_over or case.outstanding
    return e.Payer.CUSTOMER if by is e.Payer.STRIPE and by_hand else by


def _late(case: RecoveryCase, command: c.RecordPayment, now: datetime) -> Events:
    if case.is_paid or command.amount_minor == 0:
        return ()
    return (e.MoneyCameLate(at=now, amount_minor=command.amount_minor, by=command.by),)


def _refunded(case: RecoveryCase, command: c.RecordRefund, now: datetime) -> Events:
    """The command names all that went back of a charge so far, the event what went back since, or
    (where a refund failed) what is back again. Never more than came."""
    charge = command.charge_id
    more = command.amount_minor - case.refunds.get(charge, 0)
    more = min(more, case.recovered_minor - case.refunded_minor)
    back = e.Return.REFUND
    if more > 0:
        return (e.MoneyReturned(at=now, amount_minor=more, reason=back, charge_id=charge),)
    if more < 0:
        return (e.MoneyReinstated(at=now, amount_minor=-more, reason=back, charge_id=charge),)
    return ()


def overpaid(case: RecoveryCase, command: c.RecordOverpayment, now: datetime) -> Events:
    """Known once, however often it is told, and in whatever phase."""
    if command.amount_minor <= case.overpaid_minor:
        return ()
    return (e.MoneyOverpaid(at=now, amount_minor=command.amount_minor),)


def _disputed(case: RecoveryCase, command: c.RecordDispute, now: datetime) -> Events:
    amount = min(command.amount_minor, case.recovered_minor)
    if command.state is e.DisputeState.WON:
        return _won(case, amount, now)
    more = amount - case.disputed_minor
    if more <= 0 or case.dispute_won:
        return ()
    return (e.MoneyReturned(at=now, amount_minor=more, reason=e.Return.DISPUTE),)


def _won(case: RecoveryCase, amount: int, now: datetime) -> Events:
    """The end of a dispute may be heard of before its beginning, which then changes nothing."""
    back = case.disputed_minor
    if back:
        return (e.MoneyReinstated(at=now, amount_minor=back),)
    if case.dispute_won or not amount:
        return ()
    taken = e.MoneyReturned(at=now, amount_minor=amount, reason=e.Return.DISPUTE)
    return (taken, e.MoneyReinstated(at=now, amount_minor=amount))
