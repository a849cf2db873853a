"""Notices of cards that will expire, in memory."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from adapters.memory.everyday_stores import MemoryStore
from adapters.memory.world import HeldNotice
from application.ports.notices import ExpiryNotice

WENT: Final = ("begun", "sent", "unanswered")  # or may have gone


class MemoryNoticeStore(MemoryStore):
    """Those of one merchant."""

    async def begun(self, notice_ids: tuple[UUID, ...]) -> dict[UUID, datetime]:
        held = {each: self.world.notices.get((self.merchant_id, each)) for each in notice_ids}
        return {
            notice_id: one.notice.begun_at
            for notice_id, one in held.items()
            if one is not None and one.state != "failed"
        }

    async def begin(self, notice: ExpiryNotice) -> bool:
        key = (self.merchant_id, notice.notice_id)
        held = self.world.notices.get(key)
        if held is not None and held.state != "failed":
            return False
        self.journal.put(self.world.notices, key, HeldNotice(notice=notice))
        return True

    async def sent(
        self,
        notice_id: UUID,
        at: datetime,  # noqa: ARG002 - nobody asks when
        *,
        answered: bool = True,
    ) -> None:
        self._mark(notice_id, "sent" if answered else "unanswered")

    async def failed(self, notice_id: UUID, *, final: bool) -> None:
        self._mark(notice_id, "refused" if final else "failed")

    def _mark(self, notice_id: UUID, state: str) -> None:
        key = (self.merchant_id, notice_id)
        self.journal.put(self.world.notices, key, replace(self.world.notices[key], state=state))
