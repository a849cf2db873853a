"""How phases, and the marks of the chase line, are called."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from application.views import CaseFilter, Needs
from domain.recovery.state import MarkKind
from domain.recovery.transitions import Phase


class PhaseWords(Struct, frozen=True):
    """How a phase is named and which tone and shape it has; never colour alone."""

    label: str
    tone: str  # waiting | customer | recovered | stopped | lost: a class of the design system
    about: str


PHASES: Final[Mapping[CaseFilter, PhaseWords]] = {
    Needs.YOU: PhaseWords("Needs you", "needs", "The end waits for your word, or for your hand."),
    Phase.NEW: PhaseWords("New", "waiting", "Just arrived."),
    Phase.WAITING: PhaseWords("Waiting", "waiting", "We know when we act next."),
    Phase.CHARGING: PhaseWords("Charging", "charging", "A charge is on its way."),
    Phase.CUSTOMER: PhaseWords("Customer\u2019s turn", "customer", "Only the customer can help."),
    Phase.PAUSED: PhaseWords("Paused", "waiting", "Somebody asked us to wait."),
    Phase.RECOVERED: PhaseWords("Recovered", "recovered", "The money came back."),
    Phase.LOST: PhaseWords("Lost", "lost", "The money did not come back in time."),
    Phase.STOPPED: PhaseWords("Stopped", "stopped", "There is nothing left to chase."),
}

# In place of the phase, for an open case that is only watched.
HELD_OUT_WORDS: Final = PhaseWords("Held out", "waiting", "We watch, and neither charge nor write.")

MARKS: Final = {
    MarkKind.FAILED: "Declined",
    MarkKind.TRIED: "Tried again",
    MarkKind.WROTE: "Wrote to the customer",
    MarkKind.CUSTOMER: "New card",
    MarkKind.PAID: "Paid",
    MarkKind.ENDED: "Ended",
}
