"""Which time it is: the database's; in rehearsal one that is computed from it and runs faster."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from wiring.settings import Settings

Clock = Callable[[], datetime]


def clock_of(settings: Settings, wall: Callable[[], float] = time.time) -> Clock:
    """Aware UTC now, by `wall` (Unix time in seconds): the database's where a process has one, else
    the machine's own. A rehearsal's clock is computed from its specification, alike everywhere.
    """
    if not settings.clock:
        return lambda: datetime.fromtimestamp(wall(), UTC)
    from rehearsal.clock import RehearsalClock  # noqa: PLC0415 - only a rehearsal needs it

    rehearsed = RehearsalClock.parse(settings.clock)
    return lambda: rehearsed.at(wall())
