"""Taking up an invoice: whose rules hold for it, and what happens first."""

from datetime import datetime

from domain.calendar import is_timezone
from domain.decline import DeclineFamily
from domain.invoice import BY_HAND, Invoice
from domain.policy import Policy
from domain.policy.shapes import StripeRetries
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.cards import refused
from domain.recovery.case import RecoveryCase, evolve
from domain.recovery.charges import Room, why_of
from domain.recovery.plan import plan, with_reminder

Events = tuple[e.Event, ...]


def open_case(case: RecoveryCase, command: c.OpenCase, basis: Basis, now: datetime) -> Events:
    """The case, what is known of its decline, and the first plan; nothing if its time is over.

    A bill that the customer pays by hand is left alone by a policy that has no words for it.
    """
    invoice, failure = command.invoice, command.invoice.last_failure
    opened = _opened(command, basis.policy, now)
    if opened.closes_at <= now or (opened.outstanding and not _has_words(opened, basis.policy)):
        return ()
    case = evolve(case, opened)
    if failure is not None:
        declined = refused(failure, e.Payer.STRIPE, basis.policy, now)
        return (opened, declined, *plan(evolve(case, declined), basis, now))
    if invoice.needs_authentication and not opened.held_out and not opened.outstanding:
        return (opened, *ask_authentication(case, basis, now))
    return (opened, *plan(case, basis, now))


def ask_authentication(case: RecoveryCase, basis: Basis, now: datetime) -> Events:
    """The customer is asked to confirm with the bank, and hears of it."""
    why = why_of(case, basis, now, Room(since=None))
    asked = e.CustomerAsked(at=now, ask=e.Ask.AUTHENTICATION, rule="authentication", why=why)
    return with_reminder(case, (asked,), basis, now)


def ask_another_method(case: RecoveryCase, basis: Basis, now: datetime) -> Events:
    """The customer is asked for another way to pay: the one on file may not be debited any more."""
    why = why_of(case, basis, now, Room(since=None))
    asked = e.CustomerAsked(at=now, ask=e.Ask.CARD, rule="mandate_ended", why=why)
    return with_reminder(case, (asked,), basis, now)


def _opened(command: c.OpenCase, policy: Policy, now: datetime) -> e.CaseOpened:
    invoice, profile = command.invoice, command.invoice.profile
    customer_id = invoice.customer.customer_id if invoice.customer else None
    amount_minor = invoice.amount_remaining_minor
    segment = policy.segment_of(profile, amount_minor, invoice.currency, now)
    assigned = policy.assign(customer_id or invoice.invoice_id)
    window = policy.rules(segment, assigned.arm).window
    mode = StripeRetries.HOLD_OUT if assigned.held_out else policy.stripe_retries
    outstanding = invoice.collection == BY_HAND
    takes_over = mode is StripeRetries.TAKE_OVER and not outstanding
    return e.CaseOpened(
        at=now,
        account=command.account,
        invoice_id=invoice.invoice_id,
        number=invoice.number,
        customer_id=customer_id,
        subscription_id=invoice.subscription_id,
        amount_minor=amount_minor,
        currency=invoice.currency,
        policy_version=policy.version,
        closes_at=_counts_from(invoice, now) + window,
        stripe_retry_at=invoice.stripe_retry_at if takes_over else None,
        profile=profile,
        timezone=_zone(invoice, policy),
        segment=segment,
        arm=assigned.arm,
        held_out=mode is StripeRetries.HOLD_OUT,
        stripe_retries=mode,
        outstanding=outstanding,
        due_at=invoice.due_at if outstanding else None,
        attempt_count=invoice.attempt_count,
    )


def _counts_from(invoice: Invoice, now: datetime) -> datetime:
    """When the window begins: with the first refusal, or of a bill that was sent when it is due."""
    if invoice.collection == BY_HAND:
        return invoice.due_at or now
    return invoice.last_failure.at if invoice.last_failure else now


def _has_words(opened: e.CaseOpened, policy: Policy) -> bool:
    rules = policy.rules(opened.segment, opened.arm)
    return bool(rules.plan_for(DeclineFamily.OUTSTANDING).campaign)


def _zone(invoice: Invoice, policy: Policy) -> str:
    known = invoice.profile.timezone if invoice.profile else None
    return known if known and is_timezone(known) else policy.timezone
