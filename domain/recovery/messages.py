"""Beginning a message, passing one over, and hearing that the mail server did not take it."""

from datetime import datetime, timedelta
from typing import Final

from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.campaign import may_go_from, stands_against
from domain.recovery.case import RecoveryCase, Reminder, evolve
from domain.recovery.endings import over
from domain.recovery.plan import with_reminder
from domain.recovery.receipt import started
from domain.recovery.transitions import IDLE, Phase
from domain.recovery.why import Rejected, Why

MAIL_AGAIN: Final = timedelta(hours=1)
MAY_PLAN: Final = (*IDLE, Phase.CHARGING)

Events = tuple[e.Event, ...]
Message = c.BeginReminder | c.SkipReminder | c.DelayReminder | c.FailReminder


def message(case: RecoveryCase, command: Message, basis: Basis, now: datetime) -> Events:
    """What comes of a message's job, or of its failure."""
    if isinstance(command, c.FailReminder):
        return _failed(case, command, basis, now)
    due = case.reminder
    if due is None or due.step != command.step or case.in_flight is not None:
        return ()
    assert case.closes_at is not None
    if now >= case.closes_at:
        return (over(case, basis, now),)
    if isinstance(command, c.SkipReminder):
        skipped = e.ReminderSkipped(at=now, step=command.step, reason=command.reason)
        return with_reminder(case, (skipped,), basis, now)
    if now < due.due_at:
        return ()
    if isinstance(command, c.DelayReminder):
        goes_at, _ = may_go_from(case, basis, command.until)
        return _later(case, due, goes_at, now, waits_for(command, due))
    return _begun(case, command, due, basis, now)


def _begun(
    case: RecoveryCase, command: c.BeginReminder, due: Reminder, basis: Basis, now: datetime
) -> Events:
    """Judged again, for much can have happened since it was planned."""
    against = stands_against(case, basis, now)
    if against is not None:
        return with_reminder(case, (against,), basis, now)
    goes_at, _ = may_go_from(case, basis, now, due.channel)
    if goes_at > now:
        return _later(case, due, goes_at, now)
    return with_reminder(case, (started(due, command.message_id, now),), basis, now)


def waits_for(command: c.DelayReminder, due: Reminder) -> Why:
    """What held a message back when it was due."""
    return Why(rejected=(Rejected(what="message", rule=command.rule, at=due.due_at),))


def _later(
    case: RecoveryCase, due: Reminder, goes_at: datetime, now: datetime, why: Why | None = None
) -> Events:
    """A message that may not go now waits until it may, if the case does."""
    assert case.closes_at is not None
    if goes_at >= case.closes_at:
        return (e.ReminderSkipped(at=now, step=due.step, reason="window"),)
    return (_again(due, goes_at, now, why),)


def _failed(case: RecoveryCase, command: c.FailReminder, basis: Basis, now: datetime) -> Events:
    """The step is used up, unless it is certain that nothing was sent and there is time."""
    assert case.closes_at is not None
    sent = case.sent
    if sent is None or sent.step != command.step:
        return ()
    failed = e.ReminderFailed(at=now, step=command.step, reason=command.reason)
    due_at, _ = may_go_from(evolve(case, failed), basis, now + MAIL_AGAIN, sent.channel)
    if command.final or due_at >= case.closes_at or case.phase not in MAY_PLAN:
        return (failed,)
    return (failed, _again(sent, due_at, now))


def _again(
    due: Reminder, due_at: datetime, now: datetime, why: Why | None = None
) -> e.ReminderPlanned:
    return e.ReminderPlanned(
        at=now, step=due.step, due_at=due_at, template=due.template, channel=due.channel, why=why
    )
