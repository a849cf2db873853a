"""The past of one merchant: cases that have ended, to try a policy on; and what an account's import
found of the time before we came."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from domain.decline import DeclineFamily
from domain.recovery.events import Event


class EndedCase(Struct, frozen=True):
    """A case that has ended: those of its events that a backtest rests on, in their order."""

    case_id: UUID
    history: tuple[Event, ...]


class History(Protocol):
    """The read side of one merchant's past."""

    async def ended(self, merchant_id: UUID, after: UUID | None, limit: int) -> Sequence[EndedCase]:
        """Ended cases in the order of their ids, those above `after`, at most `limit`; none for an
        unknown merchant. Imported ones are among them, unless we have had a case of the same
        invoice. Raises Unavailable."""
        ...


class PastCaseRecord(Struct, frozen=True, kw_only=True):
    """An invoice that failed and ended before its account was connected."""

    case_id: UUID
    account: str
    invoice_id: str
    ended_at: datetime
    history: tuple[Event, ...]


class OfferedInvoice(Struct, frozen=True, kw_only=True):
    """An open invoice that had failed before its account was connected: worth a case, if the
    merchant says so."""

    account: str
    invoice_id: str
    amount_minor: int
    currency: str
    failed_at: datetime
    family: DeclineFamily


class PastStore(Protocol):
    """What the import finds, inside one merchant's unit of work."""

    async def keep(self, past: tuple[PastCaseRecord, ...]) -> tuple[UUID, ...]:
        """Keep past cases; those that were not there before."""
        ...

    async def offer(self, invoices: tuple[OfferedInvoice, ...]) -> None:
        """Offer open invoices; one that has been offered already is refreshed."""
        ...

    async def offers(self, account: str, limit: int) -> tuple[OfferedInvoice, ...]:
        """What is offered, the largest amounts first."""
        ...

    async def taken(self, account: str, invoice_id: str) -> None:
        """The offer was answered."""
        ...
