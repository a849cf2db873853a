"""What should happen next, as events: the next charge, or what the customer is asked, and mail."""

from datetime import datetime
from functools import reduce
from typing import Final

from msgspec.structs import replace

from domain.invoice import Card
from domain.network import BARRING, CardUse
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.campaign import plan_reminder
from domain.recovery.case import evolve
from domain.recovery.charges import (
    Room,
    at_charge_hour,
    family_or_unknown,
    next_slot,
    room_from,
    tries_of,
    why_of,
)
from domain.recovery.state import ASKS, RecoveryCase
from domain.recovery.transitions import IDLE, Phase
from domain.recovery.why import Why

# By these rules the method on file is not charged any more.
FORBIDDEN: Final = ("card_barred", "scheme_limit", "debit_final")

Events = tuple[e.Event, ...]


def plan(case: RecoveryCase, basis: Basis, now: datetime) -> Events:
    """The next charge or question, and the message that goes with it.

    Nothing where nobody may act: in a case that is closed, held out, paused, or being charged.
    """
    if case.held_out or case.phase not in IDLE:
        return ()
    if case.pause is not None:  # somebody paused it while a charge was on its way
        return (e.CasePaused(at=now, by=case.pause.by, until=case.pause.until),)
    return with_reminder(case, _next_steps(case, basis, now), basis, now)


def with_reminder(case: RecoveryCase, steps: Events, basis: Basis, now: datetime) -> Events:
    """Steps, and the message that goes with them if one is due earlier than the next planned."""
    return (*steps, *plan_reminder(reduce(evolve, steps, case), basis, now))


def plan_attempt(
    case: RecoveryCase, due_at: datetime, rule: str, now: datetime, why: Why | None = None
) -> e.AttemptPlanned | e.CustomerAsked:
    """A charge at `due_at`, or the customer's turn if the window is over by then."""
    assert case.closes_at is not None
    if due_at >= case.closes_at:
        return e.CustomerAsked(at=now, ask=e.Ask.PAYMENT, rule="window", why=why)
    number = case.attempts + 1
    return e.AttemptPlanned(at=now, number=number, due_at=due_at, rule=rule, why=why)


def _next_steps(case: RecoveryCase, basis: Basis, now: datetime) -> Events:
    """As the card on file allows; where it is to be charged no more, by the one beside it."""
    steps = _steps_by_card(case, basis, now)
    backup = backup_for(case, basis)
    if backup is None or not _is_at_an_end(steps):
        return steps
    return _by_backup(case, backup, basis, now)


def _by_backup(case: RecoveryCase, backup: Card, basis: Basis, now: datetime) -> Events:
    replaced = e.CardReplaced(at=now, card=backup, by=e.CardSource.BACKUP)
    other = replace(basis, around=replace(basis.around, use=CardUse()))  # read before the charge
    return (replaced, *_steps_by_card(evolve(case, replaced), other, now))


def take_backup(case: RecoveryCase, basis: Basis, now: datetime) -> Events:
    """The customer has just agreed, while it is their turn to give another card."""
    backup = backup_for(case, basis)
    waits = case.phase is Phase.CUSTOMER and case.ask is not e.Ask.AUTHENTICATION
    if backup is None or not waits or case.held_out or case.pause is not None:
        return ()
    return with_reminder(case, _by_backup(case, backup, basis, now), basis, now)


def backup_for(case: RecoveryCase, basis: Basis) -> Card | None:
    """The card that may stand for the one on file: once, and only by the customer's word."""
    backup = basis.around.backup
    if not basis.policy.use_backup or case.backup_used or case.outstanding or backup is None:
        return None
    number = case.card.fingerprint if case.card is not None else None
    known = backup.fingerprint == number or backup.payment_method in case.old_cards
    return None if known else backup


def _is_at_an_end(steps: Events) -> bool:
    """No charge of this card is to come, and no word to the bank would help it."""
    asked = [step for step in steps if isinstance(step, e.CustomerAsked)]
    goes_on = any(isinstance(step, e.AttemptPlanned) for step in steps)
    return not goes_on and any(step.ask is not e.Ask.AUTHENTICATION for step in asked)


def _steps_by_card(case: RecoveryCase, basis: Basis, now: datetime) -> Events:
    family = family_or_unknown(case)
    if case.outstanding:  # nobody charges it, whatever lies in the slot
        return _asked(case, e.Ask.PAYMENT, family, now, _plain_why(case, basis, now))
    if case.beside is not None and not case.new_card:  # a backup that was refused is left alone
        why = _plain_why(case, basis, now)
        return _asked(case, e.Ask.CARD, "backup_refused", now, why)
    if case.new_card and case.beside is not None:  # nobody is watching: at the usual hour
        return _on_the_day(case, at_charge_hour(now, case, basis.policy), "backup", basis, now)
    if case.new_card:
        return _on_the_day(case, now, "new_card", basis, now)
    if family in BARRING:
        return _asked(case, ASKS[family], family, now, _plain_why(case, basis, now))
    if case.picked_at is not None:
        return _on_the_day(case, case.picked_at, "picked_date", basis, now)
    return _by_plan(case, basis, now)


def _on_the_day(
    case: RecoveryCase, wanted: datetime, rule: str, basis: Basis, now: datetime
) -> Events:
    """A charge that waits for no plan: only for what forbids it, and then for the usual hour."""
    room = room_from(case, basis, wanted, now)
    why = why_of(case, basis, now, room)
    if room.since is None:
        return _asked(case, e.Ask.CARD, room.rejected[-1].rule, now, why)
    at = room.since
    if at > max(wanted, now):
        at = at_charge_hour(at, case, basis.policy)
    return (plan_attempt(case, at, rule, now, why),)


def _by_plan(case: RecoveryCase, basis: Basis, now: datetime) -> Events:
    family = family_or_unknown(case)
    ask, retries = ASKS.get(family), case.rules(basis.policy).plan_for(family).retries
    if retries is None or case.retries_on_card >= tries_of(retries):
        rule = family.value if ask and retries is None else "spent"
        return _asked(case, ask or e.Ask.PAYMENT, rule, now, _plain_why(case, basis, now))
    slot = next_slot(case, retries, basis, now)
    if slot.at is None:
        never = e.Ask.CARD if slot.rule in FORBIDDEN else e.Ask.PAYMENT
        return _asked(case, ask or never, slot.rule, now, slot.why)
    charge = plan_attempt(case, slot.at, slot.rule, now, slot.why)
    if isinstance(charge, e.CustomerAsked):
        return _asked(case, ask or charge.ask, charge.rule, now, slot.why)
    charge = replace(charge, later_percent=slot.later_percent)
    # The customer may be asked although there are charges to come: whichever is first helps.
    asked = _asked(case, ask, family, now, slot.why) if ask and case.ask is not ask else ()
    return (*asked, charge)


def _asked(case: RecoveryCase, ask: e.Ask, rule: str, now: datetime, why: Why) -> Events:
    """The customer's turn; nothing if it is already, with the same question."""
    if case.phase is Phase.CUSTOMER and case.ask is ask:
        return ()
    return (e.CustomerAsked(at=now, ask=ask, rule=rule, why=why),)


def _plain_why(case: RecoveryCase, basis: Basis, now: datetime) -> Why:
    return why_of(case, basis, now, Room(since=None))
