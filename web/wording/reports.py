"""What the case page says while its customer waits for a word of the merchant's."""

from typing import Final

from msgspec import Struct

from application.ports.reports import Report
from domain.recovery import events as e
from domain.recovery.case import replay

PROBLEMS: Final = {
    e.Problem.CANCELLED: "they had cancelled",
    e.Problem.UNKNOWN: "they do not know what it is for",
    e.Problem.AMOUNT: "the amount is wrong, or they have paid",
    e.Problem.OTHER: "something else",
    e.Problem.ANSWERED: "they answered a letter",
}
TITLES: Final = {
    e.Problem.CANCELLED: "The customer says that they had cancelled",
    e.Problem.UNKNOWN: "The customer does not know what this is for",
    e.Problem.AMOUNT: "The customer says that the amount is wrong, or that they have paid",
    e.Problem.OTHER: "The customer says that something is wrong",
    e.Problem.ANSWERED: "The customer has answered a letter",
}
RESTS: Final = (
    "Nobody charges or writes until you have answered. Put right in Stripe what has to be, and "
    "write to them; then say here how it goes on."
)

READ_IT: Final = (
    "Their answer is in the mailbox that answers to your letters go to. Nobody charges or writes "
    "until you have read it: answer them, then say here how it goes on."
)


class ReportPanel(Struct, frozen=True):
    """What they said, in their own words if they used any."""

    title: str
    words: str | None
    text: str = RESTS


def report_panel(history: tuple[e.Event, ...], reports: tuple[Report, ...]) -> ReportPanel | None:
    """None where nothing waits for an answer."""
    case = replay(history)
    if not case.is_questioned or case.pause is None:
        return None
    about = case.pause.about or e.Problem.OTHER
    if about is e.Problem.ANSWERED:
        return ReportPanel(TITLES[about], None, READ_IT)
    words = reports[0].words if reports else ""
    return ReportPanel(TITLES[about], words or None)
