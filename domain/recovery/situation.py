"""What of a case the model of timing may look at: no name, no address, no exact amount."""

from datetime import datetime, timedelta
from typing import Final

from domain.decline import DeclineFamily
from domain.invoice import monthly_minor
from domain.money import rough_cents
from domain.network import CardUse
from domain.recovery.state import ASKS, RecoveryCase
from domain.timing.situation import Situation

MONTH: Final = timedelta(days=30)


def situation_of(
    case: RecoveryCase, now: datetime, merchant: str, use: CardUse | None = None
) -> Situation:
    """The case as it stands at `now`; `use` is what its card went through on other invoices too."""
    profile, card = case.profile, case.card
    assert case.opened_at is not None
    own = sum(at > now - MONTH for at in case.refusals)
    return Situation(
        family=case.family or DeclineFamily.UNKNOWN,
        failed_at=case.failed_at or case.opened_at,
        last_try_at=case.refused_at or case.opened_at,
        tries=_tries(case),
        month_tries=max(own, len(use.month) if use else 0),
        new_card=case.new_card,
        asked=case.ask is not None or case.family in ASKS,
        messages=len(case.letters),
        last_message_at=case.letters[-1] if case.letters else None,
        code=case.decline.decline_code or case.decline.code,
        brand=card.brand if card else None,
        funding=card.funding if card else None,
        card_country=card.country if card else None,
        country=(profile.country if profile else None) or (card.country if card else None),
        timezone=case.timezone or "UTC",
        amount_cents=rough_cents(case.amount_minor, case.currency),
        monthly_cents=_monthly_cents(case),
        interval=profile.interval if profile else None,
        tenure_days=_tenure_days(case, now),
        merchant=merchant,
    )


def _tries(case: RecoveryCase) -> int:
    """The first refusal of the invoice's first card is no retry; of a later card it is one."""
    first = 0 if case.old_cards else 1
    return max(0, len(case.refusals) - first)


def _monthly_cents(case: RecoveryCase) -> int:
    profile = case.profile
    if profile is None:
        return 0
    if profile.monthly_minor is not None:
        return rough_cents(profile.monthly_minor, case.currency)
    if profile.interval is None:
        return 0
    return rough_cents(monthly_minor(case.amount_minor, profile.interval), case.currency)


def _tenure_days(case: RecoveryCase, now: datetime) -> int | None:
    if case.profile is None or case.profile.subscribed_at is None:
        return None
    return max(0, (now - case.profile.subscribed_at).days)
