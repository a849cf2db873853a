"""A rehearsal's time: where it begins, how it flies, and how the next run takes it up."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from rehearsal.clock import InvalidClock, RehearsalClock
from wiring.run_folder import RunFolder, RunRefused

FILE: Final = "clock.json"
REHEARSED_PAST: Final = timedelta(days=21)
# Three weeks in two minutes, so that it is about today when the hurry ends; then a day a minute.
HURRY_SPEED: Final = 15_000.0
HURRY_S: Final = 120.0
LASTING_SPEED: Final = 1_440.0

Legs = tuple[tuple[float, float | None], ...]


@dataclass(frozen=True, slots=True)
class RunClock:
    """The clock of this run; `hurry_ends_at` is virtual, too."""

    folder: RunFolder
    clock: RehearsalClock
    hurry_ends_at: datetime

    def save(self, ahead_s: float = 0.0) -> None:
        """Keep the instant `ahead_s` wall seconds from now: thus a kill never turns time back."""
        virtual = self.clock.at(time.time() + ahead_s)
        kept = {"virtual": virtual.isoformat(), "hurry_ends_at": self.hurry_ends_at.isoformat()}
        self.folder.write(FILE, kept)


def take_up_clock(folder: RunFolder, legs: str | None) -> RunClock:
    """Time goes on where the last run left it, also if that was in the middle of the hurry.

    `legs` is a JSON list of [speed, wall seconds or null] that replaces the usual course.
    """
    try:
        start, hurry_ends_at = _kept(folder.read(FILE))
        left_s = max((hurry_ends_at - start).total_seconds() / HURRY_SPEED, 0.0)
        course: Legs = ((HURRY_SPEED, left_s), (LASTING_SPEED, None))
        if legs:
            course = msgspec.json.decode(legs, type=Legs)
        return RunClock(folder, RehearsalClock.starting(start, *course), hurry_ends_at)
    except (KeyError, ValueError, TypeError, msgspec.MsgspecError, InvalidClock) as error:
        raise RunRefused(f"The rehearsal's clock makes no sense: {error}.") from error


def _kept(file: Mapping[str, str]) -> tuple[datetime, datetime]:
    if file:
        virtual, hurry_ends_at = file["virtual"], file["hurry_ends_at"]
        return datetime.fromisoformat(virtual), datetime.fromisoformat(hurry_ends_at)
    start = datetime.now(UTC) - REHEARSED_PAST
    return start, start + timedelta(seconds=HURRY_SPEED * HURRY_S)
