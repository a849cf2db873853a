"""Cases that have ended, and what an import finds, in memory."""

from collections.abc import Sequence
from uuid import UUID

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import MemoryWorld
from application.ports.history import EndedCase, OfferedInvoice, PastCaseRecord
from domain.backtest.past import HEARD
from domain.recovery.events import Event


class MemoryHistory:
    """Of one merchant at a time."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def ended(self, merchant_id: UUID, after: UUID | None, limit: int) -> Sequence[EndedCase]:
        mine = {
            case_id: EndedCase(case_id, _heard(held.events))
            for (owner, case_id), held in self._world.cases.items()
            if owner == merchant_id and held.state.closed_at is not None
        }
        imported = {
            case_id: past
            for (owner, case_id), past in self._world.past.items()
            if owner == merchant_id and (owner, case_id) not in self._world.cases
        }
        found = sorted({**mine, **imported}.items())
        return [past for case_id, past in found if after is None or case_id > after][:limit]


def _heard(events: tuple[Event, ...]) -> tuple[Event, ...]:
    return tuple(event for event in events if isinstance(event, HEARD))


class MemoryPastStore(MemoryStore):
    """What the import finds."""

    async def keep(self, past: tuple[PastCaseRecord, ...]) -> tuple[UUID, ...]:
        new = [one for one in past if (self.merchant_id, one.case_id) not in self.world.past]
        for one in new:
            ended = EndedCase(one.case_id, one.history)
            self.journal.put(self.world.past, (self.merchant_id, one.case_id), ended)
        return tuple(one.case_id for one in new)

    async def offer(self, invoices: tuple[OfferedInvoice, ...]) -> None:
        for one in invoices:
            key = (self.merchant_id, one.account, one.invoice_id)
            self.journal.put(self.world.offers, key, one)

    async def offers(self, account: str, limit: int) -> tuple[OfferedInvoice, ...]:
        mine = [
            one
            for (owner, of, _), one in self.world.offers.items()
            if (owner, of) == (self.merchant_id, account)
        ]
        ordered = sorted(mine, key=lambda one: (-one.amount_minor, one.invoice_id))
        return tuple(ordered[:limit])

    async def taken(self, account: str, invoice_id: str) -> None:
        self.journal.drop(self.world.offers, (self.merchant_id, account, invoice_id))
