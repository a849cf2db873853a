"""Which time it is: the system's, or in rehearsal one that runs faster."""

from collections.abc import Callable
from datetime import UTC, datetime

from wiring.settings import Settings

Clock = Callable[[], datetime]


def clock_of(settings: Settings) -> Clock:
    """Aware UTC now. A rehearsal's clock is computed from its specification, alike everywhere."""
    if not settings.clock:
        return system_clock
    from rehearsal.clock import RehearsalClock  # noqa: PLC0415 - only a rehearsal needs it

    return RehearsalClock.parse(settings.clock).now


def system_clock() -> datetime:
    """The machine's own clock."""
    return datetime.now(UTC)
