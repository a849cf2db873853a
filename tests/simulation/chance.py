"""Chance by label: every stream comes from the seed alone, so that a fault more shifts no workload.

Each seed draws its own weather: which faults there are at all, and how often.
"""

import random
from dataclasses import dataclass
from typing import Final

OFTEN: Final = 0.5  # of the seeds have a given fault


class Chance:
    """Streams by name, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.workload = self.of("workload")
        self.faults = self.of("faults")
        self.schedule = self.of("schedule")

    def of(self, label: str) -> random.Random:
        """A stream of its own."""
        return random.Random(f"{self.seed}:{label}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How often each fault happens, per opportunity; `jump_s` bounds a machine's wrong clock."""

    crash: float = 0.0  # of a whole worker, at any await of a port
    pause: float = 0.0  # of one task, for up to twenty minutes
    commit: float = 0.0  # a commit that fails, or succeeds and says nothing
    charge: float = 0.0  # a charge without an answer, before, after or long before its effect
    read: float = 0.0  # Stripe cannot be read
    mail: float = 0.0  # the mail server says "later"
    late: float = 0.0  # an event hours or days late
    doubled: float = 0.0  # an event or a job twice, or the same news under two ids
    lost: float = 0.0  # a delivery or a job that never arrives
    meddle: float = 0.0  # somebody acts on an invoice while we charge it
    stray: float = 0.0  # a second dispatcher believes that it leads
    jump_s: float = 0.0
    outages: int = 0  # of Stripe, of all workers, of what Redis remembers; and deploys

    @classmethod
    def drawn(cls, chance: Chance) -> "Weather":
        """The weather of one seed."""
        draw = chance.of("weather")

        def rate(most: float) -> float:
            return draw.uniform(most / 10, most) if draw.random() < OFTEN else 0.0

        return cls(
            crash=rate(0.01),
            pause=rate(0.05),
            commit=rate(0.03),
            charge=rate(0.5),
            read=rate(0.2),
            mail=rate(0.4),
            late=rate(0.4),
            doubled=rate(0.4),
            lost=rate(0.3),
            meddle=rate(0.3),
            stray=rate(0.2),
            jump_s=draw.choice((0.0, 0.0, 60.0, 1_200.0, 1_200.0, 3_600.0, 86_400.0)),
            outages=draw.choice((0, 1, 4, 8)),
        )


CALM: Final = Weather()
