"""When a bill is, or was, to be paid."""

from datetime import datetime

from domain.recovery import events as e
from web import times
from web.wording.telling import Telling


def due(history: tuple[e.Event, ...], now: datetime, telling: Telling) -> str | None:
    """The due date of a bill that is paid by hand, and how far it is; None for any other case."""
    opened = next((event for event in history if isinstance(event, e.CaseOpened)), None)
    if opened is None or opened.due_at is None:
        return None
    days = (now - opened.due_at).days
    return f"{times.day(opened.due_at, telling.zone)}, {_how_far(days)}"


def _how_far(days: int) -> str:
    """`days` counts from the due date: below 0 it is still to come."""
    if days < 0:
        return "in 1 day" if days == -1 else f"in {-days} days"
    if days == 0:
        return "today"
    return "1 day ago" if days == 1 else f"{days} days ago"
