"""Where a claimer stands in a queue that is read from the oldest on.

Rows that were claimed or finished leave dead entries at the head of the index. A claimer that
began at the head each time would walk past all of them, again and again; so it goes on where it
stopped, and looks from the head again every five seconds, or as soon as it finds too little:
nothing behind it (an expired lease, a row written late) is forgotten. Over a very long head it
looks less often, so that looking never takes more than a twentieth of its time.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

FROM_THE_HEAD_EVERY_S: Final = 5.0
LONG_LOOK_S: Final = 0.5
REST: Final = 20  # after a long look: times as long as the last look from the head took
LONGEST_BACK_OFF_S: Final = 300

Mark = TypeVar("Mark", int, tuple[datetime, UUID])
Claim = Callable[[Mark, int], Awaitable[list[Any]]]  # rows after the mark, at most so many


class Watermark(Generic[Mark]):
    """`head` is a mark before every row; `mark_of` tells where a row stands."""

    def __init__(self, head: Mark, mark_of: Callable[[Any], Mark]) -> None:
        self._head: Mark = head
        self._mark: Mark = head
        self._mark_of: Callable[[Any], Mark] = mark_of
        self._look_again_at = 0.0  # monotonic: whatever else there is to do
        self._rested_at = 0.0  # monotonic: if there is little else to do

    async def claim(self, limit: int, claim: Claim[Mark]) -> list[Any]:
        """Up to `limit` rows in their order: after the mark, and from the head if too few."""
        if time.monotonic() >= self._look_again_at:
            rows = await self._from_the_head(limit, claim)
        else:
            rows = await self._after_the_mark(limit, claim)
            if len(rows) < limit and time.monotonic() >= self._rested_at:
                rows += await self._from_the_head(limit - len(rows), claim)
        return sorted(rows, key=self._mark_of)

    async def _from_the_head(self, limit: int, claim: Claim[Mark]) -> list[Any]:
        began_at = time.monotonic()
        rows = await claim(self._head, limit)
        if rows:
            last = max(map(self._mark_of, rows))
            # With a whole batch found there may be more of them behind the mark.
            self._mark = last if len(rows) == limit else max(self._mark, last)
        now = time.monotonic()
        took_s = now - began_at
        self._rested_at = now + (REST * took_s if took_s > LONG_LOOK_S else 0.0)
        self._look_again_at = max(self._rested_at, now + FROM_THE_HEAD_EVERY_S)
        return rows

    async def _after_the_mark(self, limit: int, claim: Claim[Mark]) -> list[Any]:
        rows = await claim(self._mark, limit)
        if rows:
            self._mark = max(map(self._mark_of, rows))
        return rows
