"""Records that a merchant sets at whoever keeps its domain, as pages show them."""

from typing import Final

from msgspec import Struct

from domain.records import State

STATES: Final = {
    State.UNSEEN: ("waiting", "Not looked for yet"),
    State.RIGHT: ("recovered", "As it should be"),
    State.MISSING: ("waiting", "Not there yet"),
    State.WRONG: ("lost", "There, and not as it must be"),
}


class Record(Struct, frozen=True, kw_only=True):
    """A record to be set, and how it stands."""

    purpose: str
    name: str
    value: str
    tone: str
    state: str
    note: str | None = None
    type: str = "TXT"


def shown_state(state: State) -> tuple[str, str]:
    """Tone and words."""
    return STATES[state]
