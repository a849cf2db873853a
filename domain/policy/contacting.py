"""How often one person may hear from us: the one place that reads a contact budget."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.policy.shapes import ContactBudget

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)


def room_from(contacts: Sequence[datetime], limits: ContactBudget) -> datetime | None:
    """From when on one more message keeps the budget; None: from ever. `contacts` are the messages
    so far, oldest first."""
    windows = ((DAY, limits.per_day), (WEEK, limits.per_week), (MONTH, limits.per_month))
    free = [contacts[-limit] + window for window, limit in windows if len(contacts) >= limit]
    gap = [contacts[-1] + limits.gap] if contacts else []
    return max((*free, *gap), default=None)
