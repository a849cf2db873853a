"""Situations and spans to decide about, for the tests of timing."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.decline import DeclineFamily
from domain.policy.shapes import Economics
from domain.timing.choice import Span
from domain.timing.situation import Situation

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2026, 3, 9, 15, tzinfo=UTC)
ECONOMICS = Economics(attempt_cents=10, message_cents=1, cancelled_months=3, exploration_percent=0)


def situation(**facts: Any) -> Situation:
    """A debit card in New York that lacked the money on a Monday."""
    usual: dict[str, Any] = {
        "family": DeclineFamily.FUNDS,
        "failed_at": MONDAY,
        "last_try_at": MONDAY,
        "code": "insufficient_funds",
        "brand": "visa",
        "funding": "debit",
        "card_country": "US",
        "country": "US",
        "timezone": "America/New_York",
        "amount_cents": 30_00,
        "monthly_cents": 30_00,
        "interval": "month",
        "tenure_days": 200,
        "merchant": "bakery",
    }
    return Situation(**(usual | facts))


def span(**facts: Any) -> Span:
    """A month from that Monday on, a day between two charges."""
    usual: dict[str, Any] = {
        "now": MONDAY,
        "not_before": MONDAY + DAY,
        "closes_at": MONDAY + 30 * DAY,
        "tries_left": 8,
        "gap": DAY,
    }
    return Span(**(usual | facts))
