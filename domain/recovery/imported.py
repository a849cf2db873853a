"""The past before we came: an invoice and its charges, as the events that a case of it would have.

Charges name nobody who asked for them. A charge of another card than the one first refused is taken
for the customer's doing, any other for Stripe's own schedule.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import reduce
from typing import Final

from msgspec import Struct

from domain.decline import family_of
from domain.invoice import Card, FailedCharge, Invoice, InvoiceStatus
from domain.recovery import events as e
from domain.recovery.case import evolve
from domain.recovery.situation import situation_of
from domain.recovery.state import RecoveryCase
from domain.timing.lessons import ChargeLesson

NO_POLICY: Final = 0  # nobody decided these


class SeenCharge(Struct, frozen=True, kw_only=True):
    """One charge of an invoice; `failure` is None if it went through."""

    charge_id: str
    at: datetime
    amount_minor: int
    card: Card | None = None
    failure: FailedCharge | None = None


def past_events(
    account: str, invoice: Invoice, charges: Sequence[SeenCharge], ended_at: datetime
) -> tuple[e.Event, ...]:
    """What happened to an invoice that has ended (an open one: that nobody chases any more).

    Empty if no charge of it was ever refused. `ended_at` is when it was paid, voided, written off
    or given up.
    """
    ordered = sorted(charges, key=lambda charge: (charge.at, charge.charge_id))
    first = next((charge for charge in ordered if charge.failure is not None), None)
    if first is None:
        return ()
    later = ordered[ordered.index(first) :]
    ended_at = max(ended_at, later[-1].at)
    opened = _opened(account, invoice, first, ended_at)
    return (opened, *_charged(invoice, first.card, later), *_ended(invoice, later, ended_at))


def stripes_lessons(history: Iterable[e.Event], merchant: str) -> tuple[ChargeLesson, ...]:
    """What Stripe's own retries teach: each charge after the first refusal that Stripe made of the
    same card, and whether it went through. What a customer brought about teaches nothing here."""
    case, learned = RecoveryCase(), list[ChargeLesson]()
    for event in history:
        succeeded = _stripe_charged(case, event)
        if succeeded is not None:
            situation = situation_of(case, event.at, merchant)
            learned.append(ChargeLesson(situation=situation, at=event.at, succeeded=succeeded))
        case = reduce(evolve, (event,), case)
    return tuple(learned)


def _stripe_charged(case: RecoveryCase, event: e.Event) -> bool | None:
    """Whether a charge by Stripe went through; None if the event is none, or the first refusal."""
    if case.failed_at is None:
        return None
    match event:
        case e.ChargeDeclined(by=e.Payer.STRIPE):
            return False
        case e.CaseRecovered(by=e.Payer.STRIPE):
            return True
        case _:
            return None


def _opened(account: str, invoice: Invoice, first: SeenCharge, ended_at: datetime) -> e.CaseOpened:
    return e.CaseOpened(
        at=first.at,
        account=account,
        invoice_id=invoice.invoice_id,
        customer_id=invoice.customer.customer_id if invoice.customer else None,
        subscription_id=invoice.subscription_id,
        amount_minor=first.amount_minor,
        currency=invoice.currency,
        policy_version=NO_POLICY,
        closes_at=ended_at,
        number=invoice.number,
        profile=invoice.profile,
    )


def _charged(
    invoice: Invoice, first_card: Card | None, charges: Iterable[SeenCharge]
) -> Iterator[e.Event]:
    """Refusals, and the payment if it came by a charge."""
    replaced = False
    for charge in charges:
        if not replaced and _is_another(charge.card, first_card):
            replaced = True
            assert charge.card is not None
            yield e.CardReplaced(at=charge.at, card=charge.card)
        by = e.Payer.CUSTOMER if replaced else e.Payer.STRIPE
        if charge.failure is not None:
            family = family_of(charge.failure.decline)
            yield e.ChargeDeclined(at=charge.at, failure=charge.failure, family=family, by=by)
        elif invoice.status is InvoiceStatus.PAID:
            yield e.CaseRecovered(at=charge.at, amount_minor=charge.amount_minor, by=by)
            return


def _is_another(card: Card | None, first: Card | None) -> bool:
    return card is not None and first is not None and card.fingerprint != first.fingerprint


def _ended(
    invoice: Invoice, charges: Sequence[SeenCharge], ended_at: datetime
) -> tuple[e.Event, ...]:
    """The end, where no charge was it."""
    match invoice.status:
        case InvoiceStatus.PAID:
            if any(charge.failure is None for charge in charges):
                return ()
            paid = invoice.amount_paid_minor
            return (e.CaseRecovered(at=ended_at, amount_minor=paid, by=e.Payer.CUSTOMER),)
        case InvoiceStatus.UNCOLLECTIBLE:
            return (e.CaseLost(at=ended_at, reason=e.LossReason.WRITTEN_OFF),)
        case InvoiceStatus.VOID:
            return (e.CaseStopped(at=ended_at, reason=e.StopReason.VOIDED),)
        case _:
            return (e.CaseLost(at=ended_at, reason=e.LossReason.WINDOW_OVER),)
