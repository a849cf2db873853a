"""What should happen next, as events: the next charge, or what the customer is asked, and mail."""

from datetime import datetime, timedelta
from typing import Final

from domain.calendar import next_at_hour, within_hours
from domain.decline import DeclineFamily, wait_advised
from domain.network import BARRING
from domain.policy import Policy
from domain.recovery import events as e
from domain.recovery.case import RecoveryCase, evolve

ASKS: Final = {
    **dict.fromkeys(BARRING, e.Ask.CARD),
    DeclineFamily.NEEDS_AUTHENTICATION: e.Ask.AUTHENTICATION,
    DeclineFamily.CHECK: e.Ask.PAYMENT,
}


def plan(case: RecoveryCase, policy: Policy, now: datetime) -> tuple[e.Event, ...]:
    """The next step after a decline, and the message that goes with it."""
    step = _next_step(case, policy, now)
    return (step, *plan_reminder(evolve(case, step), policy, now))


def plan_attempt(
    case: RecoveryCase, due_at: datetime, rule: str, now: datetime
) -> e.AttemptPlanned | e.CustomerAsked:
    """A charge at `due_at`, or the customer's turn if the window is over by then."""
    assert case.closes_at is not None
    if due_at >= case.closes_at:
        return e.CustomerAsked(at=now, ask=e.Ask.PAYMENT, rule="window")
    return e.AttemptPlanned(at=now, number=case.attempts + 1, due_at=due_at, rule=rule)


def plan_reminder(
    case: RecoveryCase, policy: Policy, now: datetime
) -> tuple[e.ReminderPlanned, ...]:
    """The next message if the family's plan has one left; nothing if one is due earlier anyway."""
    assert case.opened_at is not None
    assert case.closes_at is not None
    waits = policy.plan_for(_family(case)).reminders
    step = case.reminders + 1
    if step > len(waits):
        return ()
    earliest = max(now, case.opened_at + waits[step - 1])
    if case.wrote_at is not None:
        earliest = max(earliest, case.wrote_at + policy.reminder_gap)
    due_at = within_hours(earliest, policy.first_mail_hour, policy.last_mail_hour, policy.timezone)
    planned_earlier = case.reminder is not None and case.reminder.due_at <= due_at
    if planned_earlier or due_at >= case.closes_at:
        return ()
    return (e.ReminderPlanned(at=now, step=step, due_at=due_at),)


def _next_step(case: RecoveryCase, policy: Policy, now: datetime) -> e.Event:
    family = _family(case)
    if family in ASKS:
        return e.CustomerAsked(at=now, ask=ASKS[family], rule=family)
    retries = policy.plan_for(family).retries
    if case.retries_on_card >= len(retries):
        return e.CustomerAsked(at=now, ask=e.Ask.PAYMENT, rule="spent")
    wait = max(retries[case.retries_on_card], wait_advised(case.decline), timedelta())
    due_at = next_at_hour(now + wait, policy.charge_hour, policy.timezone)
    return plan_attempt(case, due_at, f"plan:{family}", now)


def _family(case: RecoveryCase) -> DeclineFamily:
    return case.family or DeclineFamily.UNKNOWN
