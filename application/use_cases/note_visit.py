"""NoteVisit: somebody followed the link of a letter. Counted by letter, and for nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.ports.unit_of_work import OpenUnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteVisit:
    """Only the first time is kept; a link that is in no letter of ours is none."""

    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]

    async def __call__(self, merchant_id: UUID, token_hash: bytes) -> None:
        async with self.open_uow(merchant_id) as uow:
            await uow.messages.visited(token_hash, self.clock())
