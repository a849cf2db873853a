"""What should happen next, as events: the next charge, or what the customer is asked, and mail."""

from datetime import datetime
from typing import Final

from domain.calendar import within_hours
from domain.decline import DeclineFamily, wait_advised
from domain.network import BARRING
from domain.policy import Policy
from domain.recovery import events as e
from domain.recovery.case import RecoveryCase, evolve

ASKS: Final = {
    **dict.fromkeys(BARRING, e.Ask.CARD),
    DeclineFamily.NEEDS_NEW_DETAILS: e.Ask.CARD,
    DeclineFamily.NEEDS_AUTHENTICATION: e.Ask.AUTHENTICATION,
    DeclineFamily.CHECK: e.Ask.PAYMENT,
}
# Whose reminders fit a question that the decline itself did not raise.
_ASKED_LIKE: Final = {
    e.Ask.CARD: DeclineFamily.NEEDS_NEW_CARD,
    e.Ask.AUTHENTICATION: DeclineFamily.NEEDS_AUTHENTICATION,
}


def plan(case: RecoveryCase, policy: Policy, now: datetime) -> tuple[e.Event, ...]:
    """The next step after a decline, and the message that goes with it."""
    return with_reminder(case, _next_step(case, policy, now), policy, now)


def with_reminder(
    case: RecoveryCase, step: e.Event, policy: Policy, now: datetime
) -> tuple[e.Event, ...]:
    """A step, and the message that goes with it if one is due earlier than the next planned."""
    return (step, *plan_reminder(evolve(case, step), policy, now))


def at_charge_hour(instant: datetime, policy: Policy) -> datetime:
    """`instant` if it lies within the policy's hour for charges, else when that hour next begins.

    A whole hour, not its first minute: a retry "two days later" stays two days later, although the
    charge before it ran some seconds past the hour.
    """
    hour = policy.charge_hour
    return within_hours(instant, hour, hour + 1, policy.timezone)


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
    waits = policy.plan_for(_reminder_family(case)).reminders
    step = case.reminders + 1
    if step > len(waits):
        return ()
    earliest = max(now, case.opened_at + waits[step - 1])
    if case.wrote_at is not None:
        earliest = max(earliest, case.wrote_at + policy.reminder_gap)
    due_at = in_mail_hours(earliest, policy)
    planned_earlier = case.reminder is not None and case.reminder.due_at <= due_at
    if planned_earlier or due_at >= case.closes_at:
        return ()
    return (e.ReminderPlanned(at=now, step=step, due_at=due_at),)


def in_mail_hours(instant: datetime, policy: Policy) -> datetime:
    """`instant` if the policy lets mails go out then, else when their hours next begin."""
    return within_hours(instant, policy.first_mail_hour, policy.last_mail_hour, policy.timezone)


def _next_step(case: RecoveryCase, policy: Policy, now: datetime) -> e.Event:
    if case.new_card:
        return plan_attempt(case, now, "new_card", now)
    family = _family(case)
    if family in ASKS:
        return e.CustomerAsked(at=now, ask=ASKS[family], rule=family)
    retries = policy.plan_for(family).retries
    if case.retries_on_card >= len(retries):
        return e.CustomerAsked(at=now, ask=e.Ask.PAYMENT, rule="spent")
    wait = max(retries[case.retries_on_card], wait_advised(case.decline))
    return plan_attempt(case, at_charge_hour(now + wait, policy), f"plan:{family}", now)


def _family(case: RecoveryCase) -> DeclineFamily:
    return case.family or DeclineFamily.UNKNOWN


def _reminder_family(case: RecoveryCase) -> DeclineFamily:
    family = _family(case)
    if family in ASKS or case.ask is None:
        return family
    return _ASKED_LIKE.get(case.ask, family)
