"""When somebody asks for quiet: a promise, a picked day, a pause. Nobody charges or writes then."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.policy.shapes import StripeRetries
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.case import RecoveryCase, evolve
from domain.recovery.charges import at_charge_hour
from domain.recovery.plan import plan
from domain.recovery.state import Pause
from domain.recovery.transitions import IDLE

FURTHEST: Final = 60  # days ahead that are looked at

Events = tuple[e.Event, ...]
Hush = c.PickDate | c.ChargeNow | c.PromisePayment | c.PauseCase | c.ResumeCase


def hush(case: RecoveryCase, command: Hush, basis: Basis, now: datetime) -> Events:
    """What comes of the wish; nothing in a case that is held out, which nobody touches."""
    if case.held_out:
        return ()
    match command:
        case c.PickDate():
            return _picked(case, command, basis, now)
        case c.ChargeNow():
            return charge_at_once(case, basis, now)
        case c.PromisePayment():
            return _promised(case, command, basis, now)
        case c.PauseCase():
            return _paused(case, command, now)
        case _:
            return _resumed(case, command, basis, now)


def _picked(case: RecoveryCase, command: c.PickDate, basis: Basis, now: datetime) -> Events:
    """The picked day at the hour for charges; nothing if no charge could be made on it."""
    charge_at = at_charge_hour(max(command.at, now), case, basis.policy)
    if case.phase not in IDLE or case.picked_at == charge_at or command.at < now:
        return ()
    picked = e.DatePicked(at=now, charge_at=charge_at)
    follows = plan(evolve(case, picked), basis, now)
    charged = any(isinstance(event, e.AttemptPlanned) for event in follows)
    return (picked, *follows) if charged else ()


def charge_at_once(case: RecoveryCase, basis: Basis, now: datetime) -> Events:
    """What the wish to be charged at once makes happen; nothing unless nothing at all forbids a
    charge of the card on file just now. No promise and no picked day stands against their word."""
    known = case.picked_at is not None and case.picked_at <= now
    if known or not _may_be_charged_as_wished(case):
        return ()
    return _charged_at(case, now, basis, now)


def _may_be_charged_as_wished(case: RecoveryCase) -> bool:
    """Not where another card or a word to the bank is wanted, nor before Stripe's retries are off
    where they are to be."""
    other = case.ask in {e.Ask.CARD, e.Ask.AUTHENTICATION} or case.outstanding
    busy = case.stripe_retry_at is not None or case.phase not in IDLE
    return not (other or busy or case.held_out or case.new_card)


def _charged_at(case: RecoveryCase, at: datetime, basis: Basis, now: datetime) -> Events:
    """The wish and its charge just then; nothing if it could not be made just then."""
    picked = e.DatePicked(at=now, charge_at=at)
    follows = plan(evolve(case, picked), basis, now)
    kept = any(isinstance(event, e.AttemptPlanned) and event.due_at == at for event in follows)
    return (picked, *follows) if kept else ()


def days_to_pick(case: RecoveryCase, basis: Basis, now: datetime) -> tuple[datetime, ...]:
    """The instants of the charge on each day that the customer may pick, from tomorrow on: only
    those on which, as things stand, it would be made just then.

    None where another card or a word to the bank is wanted, nor beside Stripe's own retries, which
    would not wait for it.
    """
    if case.stripe_retries is StripeRetries.FOLLOW or not _may_be_charged_as_wished(case):
        return ()
    hours = _charge_hours(case, basis, now)
    return tuple(at for at in hours if _charged_at(case, at, basis, now))


def _charge_hours(case: RecoveryCase, basis: Basis, now: datetime) -> Iterator[datetime]:
    assert case.closes_at is not None
    zone, hour = ZoneInfo(case.zone(basis.policy)), time(basis.policy.charge_hour)
    today = now.astimezone(zone).date()
    for days in range(1, FURTHEST + 1):
        local = datetime.combine(today + timedelta(days=days), hour, zone)
        at = at_charge_hour(local.astimezone(now.tzinfo), case, basis.policy)
        if at >= case.closes_at:
            return
        yield at


def _promised(case: RecoveryCase, command: c.PromisePayment, basis: Basis, now: datetime) -> Events:
    """A promise counts within the case's window; a later one is none that we could keep."""
    assert case.closes_at is not None
    known = case.quiet_until == command.until and case.picked_at is None
    if case.phase not in IDLE or known or not now < command.until < case.closes_at:
        return ()
    promised = e.PaymentPromised(at=now, until=command.until)
    return (promised, *plan(evolve(case, promised), basis, now))


def _paused(case: RecoveryCase, command: c.PauseCase, now: datetime) -> Events:
    """What a person said is not replaced by Stripe's pause, nor what the merchant said without an
    end by a customer's."""
    asked = Pause(by=command.by, until=command.until, about=command.about)
    over = command.until is not None and command.until <= now
    if over or case.pause == asked or (case.pause is not None and _stays(case.pause, command.by)):
        return ()
    return (e.CasePaused(at=now, by=asked.by, until=asked.until, about=asked.about),)


def _stays(pause: Pause, newer: e.Pauser) -> bool:
    match newer:
        case e.Pauser.STRIPE:
            return pause.by in {e.Pauser.MERCHANT, e.Pauser.CUSTOMER}
        case e.Pauser.CUSTOMER:
            return pause.by is e.Pauser.MERCHANT and pause.until is None
        case _:
            return False


def _resumed(case: RecoveryCase, command: c.ResumeCase, basis: Basis, now: datetime) -> Events:
    """The merchant ends any pause, Stripe and a customer their own, the schedule one whose time is
    over."""
    pause = case.pause
    if pause is None:
        return ()
    allowed = {
        e.Pauser.MERCHANT: True,
        e.Pauser.STRIPE: pause.by is e.Pauser.STRIPE,
        e.Pauser.CUSTOMER: pause.by is e.Pauser.CUSTOMER,
        e.Pauser.SCHEDULE: pause.until is not None and pause.until <= now,
    }
    if not allowed[command.by]:
        return ()
    resumed = e.CaseResumed(at=now, by=command.by)
    return (resumed, *plan(evolve(case, resumed), basis, now))
