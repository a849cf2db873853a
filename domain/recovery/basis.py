"""What a decision rests on besides the case, the command and the instant."""

from datetime import date, datetime
from hashlib import sha256

from msgspec import Struct

from domain.invoice import Card
from domain.network import CardUse
from domain.policy import Policy
from domain.timing.knowledge import Knowledge


class Circumstances(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Read before a decision and kept with it, so that it can be made again exactly."""

    use: CardUse = (
        CardUse()
    )  # the refusals of the card on file, all invoices, by their own instants
    # Messages to this person in 30 days, all their cases, this one's too: the instants of their
    # `ReminderStarted`, without those that the mail server did not take.
    contacts: tuple[datetime, ...] = ()
    spoken_for: bool = False  # another open case of this person leads the conversation
    backup: Card | None = None  # another card of theirs that may be charged: their word is recorded
    holidays: tuple[date, ...] = ()  # of the customer's country, from now to the end of the case
    draw: int = 0  # in [0, 2**32): the one number of chance, from the case's id and version
    merchant: str = ""  # under which a merchant's own experience is kept; "": the Stripe account


class Basis(Struct, frozen=True, kw_only=True):
    """Policy and knowledge in the versions that the decision names, and the circumstances."""

    policy: Policy
    knowledge: Knowledge
    knowledge_version: int = 0
    around: Circumstances = Circumstances()


def draw_of(case_id: str, version: int) -> int:
    """The one number of chance of a decision, in [0, 2**32): the same for the same question."""
    return int.from_bytes(sha256(f"{case_id}:{version}".encode()).digest()[:4])
