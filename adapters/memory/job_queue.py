"""A doorbell in memory."""

from application.ports.chores import ChoreRef
from application.ports.stores import ActionRef, EventRef


class MemoryJobQueue:
    """The JobQueue port. `events` and `actions` are the batches that were rung, `chores` single
    ones; whoever plays the worker takes them out. `forget` is what FLUSHALL does."""

    def __init__(self) -> None:
        self.events: list[tuple[EventRef, ...]] = []
        self.actions: list[tuple[ActionRef, ...]] = []
        self.chores: list[ChoreRef] = []

    async def send_events(self, refs: tuple[EventRef, ...]) -> None:
        if refs:
            self.events.append(refs)

    async def send_actions(self, refs: tuple[ActionRef, ...]) -> None:
        if refs:
            self.actions.append(refs)

    async def send_chores(self, refs: tuple[ChoreRef, ...]) -> None:
        self.chores += refs

    async def waiting(self) -> int:
        return len(self.events) + len(self.actions)

    def forget(self) -> None:
        """Lose all that waits."""
        self.events.clear()
        self.actions.clear()
        self.chores.clear()
