"""The past of one merchant: cases that have ended, to try a policy on."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from domain.recovery.events import Event


class EndedCase(Struct, frozen=True):
    """A case that has ended: those of its events that a backtest rests on, in their order."""

    case_id: UUID
    history: tuple[Event, ...]


class History(Protocol):
    """The read side of one merchant's past."""

    async def ended(self, merchant_id: UUID, after: UUID | None, limit: int) -> Sequence[EndedCase]:
        """Ended cases in the order of their ids, those above `after`, at most `limit`; none for an
        unknown merchant. Raises Unavailable."""
        ...
