"""The last word of a case that was won back: it is paid, thank you. At most once, and only to
whoever was written to before."""

from datetime import datetime, timedelta
from typing import Final

from domain.calendar import within_hours
from domain.policy.shapes import Template
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.state import RecoveryCase, Reminder

AGAIN: Final = timedelta(hours=1)
# Thanks that come later than this are a riddle.
LATEST: Final = timedelta(days=2)

Events = tuple[e.Event, ...]


def plan_receipt(case: RecoveryCase, paid: e.CaseRecovered, basis: Basis) -> Events:
    """What follows the payment. Whoever has just paid by their own hand waits for it; others are
    told at an hour for messages. The contact budget counts it and does not hold it back. A case
    that somebody paused stays quiet."""
    if not basis.policy.receipt or not case.letters or case.pause is not None:
        return ()
    policy, due_at = basis.policy, paid.at
    if paid.by is not e.Payer.CUSTOMER:
        hours = (policy.first_mail_hour, policy.last_mail_hour)
        due_at = within_hours(due_at, *hours, case.zone(policy))
    return (_planned(case.reminders + 1, due_at, paid.at),)


def receipt(
    case: RecoveryCase, command: c.BeginReminder | c.SkipReminder | c.FailReminder, now: datetime
) -> Events:
    """What comes of its job, or of its failure."""
    if isinstance(command, c.FailReminder):
        return _failed(case, command, now)
    due = case.reminder
    if due is None or due.step != command.step:
        return ()
    against = command.reason if isinstance(command, c.SkipReminder) else _against(case, now)
    if against is not None:
        return (e.ReminderSkipped(at=now, step=due.step, reason=against),)
    if now < due.due_at:
        return ()
    assert isinstance(command, c.BeginReminder)
    return (started(due, command.message_id, now),)


def started(due: Reminder, message_id: str, now: datetime) -> e.ReminderStarted:
    """A message is on its way."""
    return e.ReminderStarted(
        at=now,
        step=due.step,
        message_id=message_id,
        template=due.template,
        channel=due.channel,
    )


def _against(case: RecoveryCase, now: datetime) -> str | None:
    if case.refunded_minor or case.disputed_minor:
        return "money_returned"
    if not case.letters:  # the mail server took none of them after all
        return "not_written_to"
    return "too_late" if _is_too_late(case, now) else None


def _failed(case: RecoveryCase, command: c.FailReminder, now: datetime) -> Events:
    if case.sent is None or case.sent.step != command.step:
        return ()
    failed = e.ReminderFailed(at=now, step=command.step, reason=command.reason)
    if command.final or case.sent.template is not Template.RECOVERED:
        return (failed,)
    if _is_too_late(case, now + AGAIN):
        return (failed,)
    return (failed, _planned(command.step, now + AGAIN, now))


def _is_too_late(case: RecoveryCase, at: datetime) -> bool:
    assert case.closed_at is not None
    return at - case.closed_at > LATEST


def _planned(step: int, due_at: datetime, now: datetime) -> e.ReminderPlanned:
    return e.ReminderPlanned(at=now, step=step, due_at=due_at, template=Template.RECOVERED)
