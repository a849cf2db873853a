"""How refusals and new cards change a case."""

from datetime import datetime

from msgspec.structs import replace

from domain.decline import Decline, family_of
from domain.invoice import Card, FailedCharge
from domain.network import BARRING
from domain.policy import Policy
from domain.recovery import events as e
from domain.recovery.state import RecoveryCase


def refused(failure: FailedCharge, by: e.Payer, policy: Policy, now: datetime) -> e.ChargeDeclined:
    """The event of a refusal that does not answer an attempt of ours."""
    family = family_of(failure.decline, policy.families)
    return e.ChargeDeclined(at=now, failure=failure, family=family, by=by)


def declined(case: RecoveryCase, event: e.ChargeDeclined | e.AttemptDeclined) -> RecoveryCase:
    """The case after a refusal, of our attempt or of anybody's."""
    failure, flight = event.failure, case.in_flight
    card = failure.card or (flight.card if flight is not None else None) or case.card
    if flight is not None:
        flight = replace(flight, heard=flight.heard | {failure.charge_id})
    counted = _counted(case, event, card)
    seen = replace(
        counted,
        seen_charges=case.seen_charges | {failure.charge_id},
        in_flight=None if isinstance(event, e.AttemptDeclined) else flight,
        failed_at=min(case.failed_at or failure.at, failure.at),
        refused_at=max(case.refused_at or failure.at, failure.at),
        stripe_charges=_charged_by_stripe(case, event),
    )
    if not _is_latest(case, failure.at, card):
        return seen
    return replace(
        seen,
        family=case.family if case.outstanding else event.family,
        decline=failure.decline,
        card_news_at=failure.at,
        card=card,
        new_card=False,
    )


def _charged_by_stripe(
    case: RecoveryCase, event: e.ChargeDeclined | e.AttemptDeclined
) -> tuple[tuple[datetime, str], ...]:
    """Stripe's own charges; one that turns out to have been our attempt's is none of them."""
    charge = (event.failure.at, event.failure.charge_id)
    others = tuple(each for each in case.stripe_charges if each != charge)
    if isinstance(event, e.AttemptDeclined) or event.by is not e.Payer.STRIPE:
        return others
    return tuple(sorted((*others, charge)))


def _counted(
    case: RecoveryCase, event: e.ChargeDeclined | e.AttemptDeclined, card: Card | None
) -> RecoveryCase:
    """The refusals of the card's number, each charge once; another number begins a new count."""
    at, bars = event.failure.at, event.family in BARRING
    if event.failure.charge_id in case.seen_charges:
        return case
    if _same_number(case.card, card):
        refusals = tuple(sorted((*case.refusals, at)))
        return replace(case, refusals=refusals, barred=case.barred or bars)
    if _is_latest(case, at, card):
        return replace(case, refusals=(at,), barred=bars)
    return case


def _same_number(one: Card | None, other: Card | None) -> bool:
    """A card that nobody named is taken for the one on file."""
    return one is None or other is None or one.fingerprint == other.fingerprint


def _is_latest(case: RecoveryCase, at: datetime, card: Card | None) -> bool:
    """False for news of a card that has been replaced since, and for news older than ours."""
    if card is not None and card.payment_method in case.old_cards:
        return False
    return case.card_news_at is None or at >= case.card_news_at


def card_replaced(case: RecoveryCase, event: e.CardReplaced) -> RecoveryCase:
    """What the bank said of the card before says nothing about this one.

    Its number's own refusals stay: renewed details of a number that is barred are barred too.
    """
    before = {case.card.payment_method} if case.card is not None else set()
    backup = event.by is e.CardSource.BACKUP
    same = case.card is not None and case.card.fingerprint == event.card.fingerprint
    return replace(
        case,
        card=event.card,
        new_card=True,
        beside=case.card if backup else None,
        backup_used=case.backup_used or backup,
        reminder=None,
        old_cards=(case.old_cards | before) - {event.card.payment_method},
        refusals=case.refusals if same else (),
        barred=case.barred and same,
        retries_on_card=0,
        family=case.family if case.outstanding else None,
        decline=Decline(),
        card_news_at=event.at.replace(microsecond=0),  # Stripe's instants are whole seconds
    )
