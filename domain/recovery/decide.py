"""The decision: what a command makes happen in a case. Pure; every rule of the chase is here."""

from datetime import datetime, timedelta
from typing import Final, assert_never

from domain.calendar import next_at_hour, within_hours
from domain.decline import family_of
from domain.invoice import FailedCharge, Invoice
from domain.network import objection
from domain.policy import Policy, StripeRetries
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.case import CHECK_AFTER, RecoveryCase, evolve
from domain.recovery.plan import plan, plan_attempt, plan_reminder
from domain.recovery.transitions import IDLE, Phase

# No charge of ours this close to one of Stripe's, and none while a bank debit is on its way.
CLEARANCE: Final = timedelta(hours=6)
LONGEST_CHECK: Final = timedelta(hours=6)
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
        closes_at=(failure.at if failure else now) + policy.window,
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
    if failure.charge_id in case.seen_charges:
        return ()
    if flight is not None and command.attempt == flight.number:
        ours = e.AttemptDeclined(
            at=now, number=flight.number, failure=failure, family=family_of(failure.decline)
        )
        return (ours, *plan(evolve(case, ours), policy, now))
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
        due = case.next_attempt_at is not None and case.next_attempt_at <= now
        planned = due and command.number == case.attempts + 1 and case.phase in IDLE
        return _begin(case, command, policy, now) if planned else ()
    flight = case.in_flight
    if flight is None or flight.number != command.attempt:
        return ()
    if isinstance(command, c.RecordUnclear):
        wait = min(CHECK_AFTER * 2**flight.checks, LONGEST_CHECK)
        return (e.AttemptUnclear(at=now, number=flight.number, check_at=now + wait),)
    abandoned = e.AttemptAbandoned(at=now, number=flight.number, evidence=command.evidence)
    return (abandoned, *plan(evolve(case, abandoned), policy, now))


def _begin(case: RecoveryCase, command: c.BeginAttempt, policy: Policy, now: datetime) -> Events:
    assert case.closes_at is not None
    if now >= case.closes_at:
        return (e.CaseLost(at=now, reason=e.LossReason.WINDOW_OVER),)
    obstacle = _obstacle(case, command, policy, now)
    if obstacle is not None:
        return (obstacle,)
    invoice = command.invoice
    started = e.AttemptStarted(
        at=now,
        number=command.number,
        amount_minor=invoice.amount_remaining_minor,
        card=invoice.card,
    )
    if invoice.amount_remaining_minor == case.amount_minor:
        return (started,)
    return (e.AmountChanged(at=now, amount_minor=invoice.amount_remaining_minor), started)


def _obstacle(
    case: RecoveryCase, command: c.BeginAttempt, policy: Policy, now: datetime
) -> e.Event | None:
    """Why not to charge now: what happens instead, or None. The networks' limits are hard."""
    invoice = command.invoice
    busy_until = _busy_until(invoice, now)
    if busy_until is not None:
        return plan_attempt(case, busy_until, "beside_another", now)
    if invoice.card is None:
        return e.CustomerAsked(at=now, ask=e.Ask.CARD, rule="no_card")
    against = objection(
        command.use,
        invoice.card.brand,
        card_month_limit=policy.card_month_limit,
        card_day_limit=policy.card_day_limit,
    )
    if against is None:
        return None
    if against.until is None:
        return e.CustomerAsked(at=now, ask=e.Ask.CARD, rule=against.rule)
    due_at = next_at_hour(against.until, policy.charge_hour, policy.timezone)
    return plan_attempt(case, due_at, against.rule, now)


def _busy_until(invoice: Invoice, now: datetime) -> datetime | None:
    if invoice.processing:
        return now + CLEARANCE
    retry_at = invoice.stripe_retry_at
    if retry_at is not None and abs(retry_at - now) < CLEARANCE:
        return retry_at + CLEARANCE
    return None


def _authentication(
    case: RecoveryCase, command: c.RequestAuthentication, policy: Policy, now: datetime
) -> Events:
    flight = case.in_flight
    if flight is not None and command.attempt == flight.number:
        waits = e.AttemptAbandoned(at=now, number=flight.number, evidence="authentication")
        return (waits, *_ask_authentication(evolve(case, waits), policy, now))
    if flight is not None or case.ask is e.Ask.AUTHENTICATION:
        return ()
    return _ask_authentication(case, policy, now)


def _ask_authentication(case: RecoveryCase, policy: Policy, now: datetime) -> Events:
    asked = e.CustomerAsked(at=now, ask=e.Ask.AUTHENTICATION, rule="authentication")
    return (asked, *plan_reminder(evolve(case, asked), policy, now))


def _new_card(case: RecoveryCase, command: c.ReplaceCard, now: datetime) -> Events:
    known = case.card
    if known is not None and known.fingerprint == command.card.fingerprint:
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
    done: e.Event
    if isinstance(command, c.BeginReminder):
        done = e.ReminderStarted(at=now, step=command.step, message_id=command.message_id)
    else:
        done = e.ReminderSkipped(at=now, step=command.step, reason=command.reason)
    return (done, *plan_reminder(evolve(case, done), policy, now))


def _reminder_failed(
    case: RecoveryCase, command: c.FailReminder, policy: Policy, now: datetime
) -> Events:
    assert case.closes_at is not None
    if command.step != case.reminders:
        return ()
    failed = e.ReminderFailed(at=now, step=command.step, reason=command.reason)
    due_at = within_hours(
        now + MAIL_AGAIN, policy.first_mail_hour, policy.last_mail_hour, policy.timezone
    )
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
    came_late = isinstance(command, c.RecordPayment) and case.recovered_minor == 0
    if not came_late:
        return ()
    assert isinstance(command, c.RecordPayment)
    return (e.MoneyCameLate(at=now, amount_minor=command.amount_minor, by=command.by),)
