"""The last look before money moves: may the planned charge be made on what Stripe shows now?"""

from datetime import datetime
from functools import reduce

from msgspec.structs import replace

from domain.decline import wait_advised
from domain.invoice import BY_HAND, Invoice, InvoiceStatus
from domain.network import objection
from domain.recovery import commands as c
from domain.recovery import events as e
from domain.recovery.basis import Basis
from domain.recovery.case import RecoveryCase, evolve
from domain.recovery.charges import (
    CLEARANCE,
    Room,
    at_charge_hour,
    clear_of_stripe,
    forbidden,
    use_of,
    why_of,
)
from domain.recovery.endings import over
from domain.recovery.plan import plan_attempt, with_reminder

Obstacle = e.AttemptPlanned | e.CustomerAsked


def begin(
    case: RecoveryCase, command: c.BeginAttempt, basis: Basis, now: datetime
) -> tuple[e.Event, ...]:
    """The intent to charge, or what stands against it; nothing for a job that is stale or early."""
    due_at = case.next_attempt_at
    planned = due_at is not None and due_at <= now and command.number == case.attempts + 1
    if not planned:
        return ()
    assert case.closes_at is not None
    if now >= case.closes_at:
        return (over(case, basis, now),)
    basis = replace(basis, around=replace(basis.around, use=command.use))
    learned = _learned(case, command.invoice, now)
    case = reduce(evolve, learned, case)
    obstacle = _obstacle(case, command, basis, now)
    if obstacle is not None:
        obstacle = replace(obstacle, why=why_of(case, basis, now, Room(since=None)))
        return (*learned, *with_reminder(case, (obstacle,), basis, now))
    started = e.AttemptStarted(
        at=now,
        number=command.number,
        amount_minor=command.invoice.amount_remaining_minor,
        card=command.invoice.card,
        month_tries=len(use_of(case, basis, now).month),
    )
    return (*learned, started)


def _learned(case: RecoveryCase, invoice: Invoice, now: datetime) -> tuple[e.Event, ...]:
    """What the invoice shows that no event has told us yet."""
    learned: list[e.Event] = []
    left, paid = invoice.amount_remaining_minor, invoice.amount_paid_minor
    if left != case.amount_minor:
        learned.append(e.AmountChanged(at=now, amount_minor=left, paid_minor=paid))
    known = [card for card in (case.card, case.beside) if card is not None]
    if invoice.card is not None and known and all(invoice.card.differs_from(one) for one in known):
        learned.append(e.CardReplaced(at=now, card=invoice.card))
    return tuple(learned)


def _obstacle(
    case: RecoveryCase, command: c.BeginAttempt, basis: Basis, now: datetime
) -> Obstacle | None:
    """Why not to charge now: what happens instead, or None. The networks' limits are hard."""
    invoice, policy = command.invoice, basis.policy
    busy_until = _busy_until(case, invoice, now)
    if busy_until is not None:
        return plan_attempt(case, busy_until, "beside_another", now)
    if invoice.collection == BY_HAND:  # made a bill since: what is sent is not charged
        return e.CustomerAsked(at=now, ask=e.Ask.PAYMENT, rule="outstanding")
    if invoice.card is None:
        return e.CustomerAsked(at=now, ask=e.Ask.CARD, rule="no_card")
    if case.beside is not None and not invoice.card.differs_from(case.beside):
        # The customer took their word back, or the card away: what it stood for is not charged.
        return e.CustomerAsked(at=now, ask=e.Ask.CARD, rule="backup_gone")
    never = forbidden(case, now)
    if never is not None:
        return e.CustomerAsked(at=now, ask=e.Ask.CARD, rule=never)
    use = use_of(case, basis, now)
    against = objection(
        use,
        invoice.card.scheme,
        now,
        card_month_limit=policy.month_limit(invoice.card.scheme),
        card_day_limit=policy.card_day_limit,
    )
    if against is None:
        return _advised_to_wait(case, basis, now)
    if against.until is None:
        return e.CustomerAsked(at=now, ask=e.Ask.CARD, rule=against.rule)
    return plan_attempt(case, at_charge_hour(against.until, case, policy), against.rule, now)


def _busy_until(case: RecoveryCase, invoice: Invoice, now: datetime) -> datetime | None:
    """When to look again at an invoice that is being paid, or cannot be, at this moment."""
    payable = invoice.status is InvoiceStatus.OPEN and invoice.amount_remaining_minor > 0
    if invoice.processing or not payable:
        return now + CLEARANCE
    retry_at = invoice.stripe_retry_at
    if retry_at is not None and abs(retry_at - now) < CLEARANCE:
        return retry_at + CLEARANCE
    clear_at = clear_of_stripe(case)
    return clear_at if clear_at is not None and clear_at > now else None


def _advised_to_wait(case: RecoveryCase, basis: Basis, now: datetime) -> Obstacle | None:
    """A later decline of this card can ask for a longer wait than the plan was made with."""
    if case.card_news_at is None:
        return None
    allowed_at = case.card_news_at + wait_advised(case.decline)
    if allowed_at <= now:
        return None
    return plan_attempt(case, at_charge_hour(allowed_at, case, basis.policy), "advised_wait", now)
