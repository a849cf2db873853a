"""Cases that have ended, in memory."""

from collections.abc import Sequence
from uuid import UUID

from adapters.memory.world import MemoryWorld
from application.ports.history import EndedCase
from domain.backtest.past import HEARD


class MemoryHistory:
    """Of one merchant at a time."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def ended(self, merchant_id: UUID, after: UUID | None, limit: int) -> Sequence[EndedCase]:
        mine = sorted(
            case_id
            for (owner, case_id), held in self._world.cases.items()
            if owner == merchant_id
            and held.state.closed_at is not None
            and (after is None or case_id > after)
        )
        return [
            EndedCase(
                case_id,
                tuple(
                    event
                    for event in self._world.cases[merchant_id, case_id].events
                    if isinstance(event, HEARD)
                ),
            )
            for case_id in mine[:limit]
        ]
