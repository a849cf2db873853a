"""Rows that failed too often, in memory."""

from msgspec.structs import replace

from adapters.memory.world import MemoryWorld, Turn


class MemoryDeadRows:
    """For the operator, over all merchants."""

    def __init__(self, world: MemoryWorld) -> None:
        self._world = world

    async def replay(self, kind: str, row_id: str | None) -> int:
        """Give one row (None: all of the kind) its tries back; how many that were."""
        if kind == "event":
            events = [
                held
                for held in self._world.inbox.values()
                if held.turn.dead_at and row_id in (None, held.ref.event_id)
            ]
            self._world.inbox.update({held.ref: replace(held, turn=Turn()) for held in events})
            return len(events)
        actions = {
            key: replace(held, turn=Turn())
            for key, held in self._world.actions.items()
            if held.turn.dead_at and row_id in (None, str(held.ref.action_id))
        }
        self._world.actions.update(actions)
        return len(actions)
