"""The decision: what a command makes happen in a case. Pure; every rule of the chase is here."""

from datetime import datetime, timedelta
from typing import Final, assert_never

from domain.decline import family_of
from domain.invoice import FailedCharge
from domain.policy import Policy, StripeRetries
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.begin import begin
from domain.recovery.case import CHECK_AFTER, RecoveryCase, evolve
from domain.recovery.plan import in_mail_hours, plan, plan_attempt, with_reminder
from domain.recovery.transitions import Phase

LONGEST_CHECK: Final = timedelta(hours=6)
MOST_DOUBLINGS: Final = 6  # ten minutes are six hours by then
MAIL_AGAIN: Final = timedelta(hours=1)

Events = tuple[e.Event, ...]


def decide(case: RecoveryCase, command: c.Command, policy: Policy, now: datetime) -> Events:
    """What happened because of `command`; empty means "already so", or "too late"."""
    if case.phase is Phase.NEW:
        return _open(case, command, policy, now) if isinstance(command, c.OpenCase) else ()
    if not case.is_open:
        return _after_the_end(case, command, now)
    match command:
        case c.OpenCase():
            return ()
        case c.RecordTakeOver():
            return (e.RetriesTakenOver(at=now),) if case.stripe_retry_at else ()
        case c.RecordDecline():
            return _decline(case, command, policy, now)
        case c.BeginAttempt() | c.RecordUnclear() | c.AbandonAttempt():
            return _attempt(case, command, policy, now)
        case c.RequestAuthentication():
            return _authentication(case, command, policy, now)
        case c.ReplaceCard():
            return _new_card(case, command, now)
        case c.BeginReminder() | c.SkipReminder():
            return _reminder(case, command, policy, now)
        case c.FailReminder():
            return _reminder_failed(case, command, policy, now)
        case c.RecordPayment() | c.CloseCase() | c.WriteOff() | c.StopCase():
            return _end(case, command, policy, now)
        case _:
            assert_never(command)


def _open(case: RecoveryCase, command: c.OpenCase, policy: Policy, now: datetime) -> Events:
    invoice, failure = command.invoice, command.invoice.last_failure
    closes_at = (failure.at if failure else now) + policy.window
    if closes_at <= now:
        return ()
    takes_over = policy.stripe_retries is StripeRetries.TAKE_OVER
    opened = e.CaseOpened(
        at=now,
        account=command.account,
        invoice_id=invoice.invoice_id,
        number=invoice.number,
        customer_id=invoice.customer.customer_id if invoice.customer else None,
        subscription_id=invoice.subscription_id,
        amount_minor=invoice.amount_remaining_minor,
        currency=invoice.currency,
        policy_version=policy.version,
        closes_at=closes_at,
        stripe_retry_at=invoice.stripe_retry_at if takes_over else None,
    )
    case = evolve(case, opened)
    if failure is not None:
        declined = _declined(failure, e.Payer.STRIPE, now)
        return (opened, declined, *plan(evolve(case, declined), policy, now))
    if invoice.needs_authentication:
        return (opened, *_ask_authentication(case, policy, now))
    return (opened, *plan(case, policy, now))


def _decline(case: RecoveryCase, command: c.RecordDecline, policy: Policy, now: datetime) -> Events:
    failure, flight = command.failure, case.in_flight
    ours = flight is not None and command.attempt == flight.number
    heard_in_flight = flight is not None and failure.charge_id in flight.heard
    if failure.charge_id in case.seen_charges and not (ours and heard_in_flight):
        return ()
    if flight is not None and ours:
        answer = e.AttemptDeclined(
            at=now, number=flight.number, failure=failure, family=family_of(failure.decline)
        )
        return (answer, *plan(evolve(case, answer), policy, now))
    declined = _declined(failure, command.by, now)
    after = evolve(case, declined)
    unchanged = after.family is case.family and after.card == case.card
    if after.phase is Phase.CHARGING or unchanged:
        return (declined,)
    return (declined, *plan(after, policy, now))


def _declined(failure: FailedCharge, by: e.Payer, now: datetime) -> e.ChargeDeclined:
    return e.ChargeDeclined(at=now, failure=failure, family=family_of(failure.decline), by=by)


def _attempt(
    case: RecoveryCase,
    command: c.BeginAttempt | c.RecordUnclear | c.AbandonAttempt,
    policy: Policy,
    now: datetime,
) -> Events:
    if isinstance(command, c.BeginAttempt):
        return begin(case, command, policy, now)
    flight = case.in_flight
    if flight is None or flight.number != command.attempt:
        return ()
    if isinstance(command, c.RecordUnclear):
        wait = min(CHECK_AFTER * 2 ** min(flight.checks, MOST_DOUBLINGS), LONGEST_CHECK)
        return (e.AttemptUnclear(at=now, number=flight.number, check_at=now + wait),)
    abandoned = e.AttemptAbandoned(at=now, number=flight.number, evidence=command.evidence)
    return (abandoned, *plan(evolve(case, abandoned), policy, now))


def _authentication(
    case: RecoveryCase, command: c.RequestAuthentication, policy: Policy, now: datetime
) -> Events:
    flight = case.in_flight
    if flight is not None and command.attempt == flight.number:
        waits = e.AttemptAbandoned(at=now, number=flight.number, evidence="authentication")
        after = evolve(case, waits)
        next_step = plan if case.new_card else _ask_authentication
        return (waits, *next_step(after, policy, now))
    if flight is not None or case.new_card or case.ask is e.Ask.AUTHENTICATION:
        return ()
    return _ask_authentication(case, policy, now)


def _ask_authentication(case: RecoveryCase, policy: Policy, now: datetime) -> Events:
    asked = e.CustomerAsked(at=now, ask=e.Ask.AUTHENTICATION, rule="authentication")
    return with_reminder(case, asked, policy, now)


def _new_card(case: RecoveryCase, command: c.ReplaceCard, now: datetime) -> Events:
    if case.card is not None and not command.card.differs_from(case.card):
        return ()
    replaced = e.CardReplaced(at=now, card=command.card)
    if case.in_flight is not None:
        return (replaced,)
    return (replaced, plan_attempt(evolve(case, replaced), now, "new_card", now))


def _reminder(
    case: RecoveryCase, command: c.BeginReminder | c.SkipReminder, policy: Policy, now: datetime
) -> Events:
    due = case.reminder
    if due is None or due.step != command.step or case.in_flight is not None:
        return ()
    assert case.closes_at is not None
    if now >= case.closes_at:
        return (e.CaseLost(at=now, reason=e.LossReason.WINDOW_OVER),)
    done: e.Event
    if isinstance(command, c.SkipReminder):
        done = e.ReminderSkipped(at=now, step=command.step, reason=command.reason)
        return with_reminder(case, done, policy, now)
    goes_at = in_mail_hours(max(now, due.due_at), policy)
    if goes_at > now:
        return () if goes_at == due.due_at else _reminder_later(case, goes_at, now)
    done = e.ReminderStarted(at=now, step=command.step, message_id=command.message_id)
    return with_reminder(case, done, policy, now)


def _reminder_later(case: RecoveryCase, goes_at: datetime, now: datetime) -> Events:
    """A message that its worker came too late for waits for the morning, if the case does."""
    assert case.closes_at is not None
    step = case.reminders + 1
    if goes_at >= case.closes_at:
        return (e.ReminderSkipped(at=now, step=step, reason="window"),)
    return (e.ReminderPlanned(at=now, step=step, due_at=goes_at),)


def _reminder_failed(
    case: RecoveryCase, command: c.FailReminder, policy: Policy, now: datetime
) -> Events:
    assert case.closes_at is not None
    if command.step != case.reminders:
        return ()
    failed = e.ReminderFailed(at=now, step=command.step, reason=command.reason)
    due_at = in_mail_hours(now + MAIL_AGAIN, policy)
    if command.final or due_at >= case.closes_at:
        return (failed,)
    return (failed, e.ReminderPlanned(at=now, step=command.step, due_at=due_at))


def _end(
    case: RecoveryCase,
    command: c.RecordPayment | c.CloseCase | c.WriteOff | c.StopCase,
    policy: Policy,
    now: datetime,
) -> Events:
    match command:
        case c.RecordPayment():
            return (
                e.CaseRecovered(
                    at=now,
                    amount_minor=command.amount_minor,
                    by=_payer(case, command.by, policy),
                    attempt=command.attempt,
                ),
            )
        case c.WriteOff():
            return (e.CaseLost(at=now, reason=e.LossReason.WRITTEN_OFF),)
        case c.StopCase():
            return (e.CaseStopped(at=now, reason=command.reason),)
        case c.CloseCase():
            assert case.closes_at is not None
            over = now >= case.closes_at and case.in_flight is None
            return (e.CaseLost(at=now, reason=e.LossReason.WINDOW_OVER),) if over else ()


def _payer(case: RecoveryCase, by: e.Payer, policy: Policy) -> e.Payer:
    """Stripe does not charge by itself what we took over: then it was the customer, on a page."""
    taken_over = policy.stripe_retries is StripeRetries.TAKE_OVER and case.stripe_retry_at is None
    return e.Payer.CUSTOMER if by is e.Payer.STRIPE and taken_over else by


def _after_the_end(case: RecoveryCase, command: c.Command, now: datetime) -> Events:
    """The case stays as it ended; money that comes late, and refusals, are written down once."""
    if isinstance(command, c.RecordDecline):
        seen = command.failure.charge_id in case.seen_charges
        return () if seen else (_declined(command.failure, command.by, now),)
    if not isinstance(command, c.RecordPayment) or command.amount_minor == 0:
        return ()
    if case.phase is Phase.RECOVERED or case.recovered_minor:
        return ()
    return (e.MoneyCameLate(at=now, amount_minor=command.amount_minor, by=command.by),)
