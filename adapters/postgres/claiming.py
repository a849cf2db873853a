"""Where a claimer stands in a queue that is read from the oldest on.

Rows that were claimed or finished leave dead entries at the head of the index. A claimer that
began at the head each time would walk past all of them, again and again; so it goes on where it
stopped, and looks from the head again once a second, or as soon as it finds too little: nothing
behind it (an expired lease, a row written late) is forgotten.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

FROM_THE_HEAD_EVERY_S: Final = 1.0
LONGEST_BACK_OFF_S: Final = 300

Mark = TypeVar("Mark", int, tuple[datetime, UUID])


class Watermark(Generic[Mark]):
    """`head` is a mark before every row."""

    def __init__(self, head: Mark) -> None:
        self._head: Mark = head
        self._mark: Mark = head
        self._began_at = time.monotonic()

    async def claim(
        self,
        limit: int,
        claim: Callable[[Mark, int], Awaitable[list[Any]]],
        mark_of: Callable[[Any], Mark],
    ) -> list[Any]:
        """Up to `limit` rows after the mark, and from the head if there are too few."""
        if time.monotonic() - self._began_at >= FROM_THE_HEAD_EVERY_S:
            self._to_head()
        rows = await self._after(limit, claim, mark_of)
        if len(rows) < limit and self._mark != self._head:
            self._to_head()
            rows += await self._after(limit - len(rows), claim, mark_of)
        return rows

    def _to_head(self) -> None:
        self._mark = self._head
        self._began_at = time.monotonic()

    async def _after(
        self,
        limit: int,
        claim: Callable[[Mark, int], Awaitable[list[Any]]],
        mark_of: Callable[[Any], Mark],
    ) -> list[Any]:
        rows = await claim(self._mark, limit)
        if rows:
            self._mark = max(mark_of(row) for row in rows)
        return rows
