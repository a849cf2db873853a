"""ReconcileEvents: hourly, what Stripe says that it told us is compared with what came."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from application.ports.chores import Chore, ChoreStep, Progress
from application.ports.conveyor import EventIntake, IncomingEvent
from application.ports.stripe_records import MOST_TYPES, EventsPage, StripeRecords
from application.ports.unit_of_work import OpenUnitOfWork

EVERY: Final = timedelta(hours=1)
# Looked at again each time: an event may be listed later than its `created` says.
OVERLAP: Final = timedelta(hours=2)
ON_ITS_WAY: Final = timedelta(minutes=10)  # Stripe is still trying to deliver these itself
KEPT: Final = timedelta(days=30)  # by Stripe. Source: docs.stripe.com/api/events


class _Cursor(Struct, frozen=True, omit_defaults=True):
    """`since` is what the last run came to. In a run: its span, the types that are still to be
    asked for, and where in the list of the first of them the next page begins."""

    since: datetime
    span: tuple[datetime, datetime] | None = None
    types: tuple[str, ...] = ()
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileEvents:
    """One page a step. An event is kept as if Stripe had just delivered it; one that came before
    changes nothing, so a step may be repeated."""

    records: StripeRecords
    intake: EventIntake
    open_uow: OpenUnitOfWork
    clock: Callable[[], datetime]
    types: frozenset[str]  # those that mean something to us
    made_up: Callable[[int], None]  # counts the events that had been lost

    async def __call__(self, chore: Chore) -> Chore:
        cursor, now = _cursor(chore), self.clock()
        before = chore.progress
        if cursor.span is None:
            cursor, before = self._begun(chore, cursor, now), Progress()
        assert cursor.span is not None
        asked, rest = cursor.types[:MOST_TYPES], cursor.types[MOST_TYPES:]
        page = await self.records.events(chore.ref.account, asked, cursor.span, cursor.after)
        lost = await self._make_up(chore, page)
        progress = Progress(done=before.done + page.looked_at, found=before.found + lost)
        if page.last is not None:
            cursor = replace(cursor, after=page.last)
        else:
            cursor = replace(cursor, types=rest, after=None)
        return await self._saved(chore, cursor, progress, now)

    def _begun(self, chore: Chore, cursor: _Cursor, now: datetime) -> _Cursor:
        """Nothing older than the account's being connected: that is the import's."""
        until = max(now - ON_ITS_WAY, cursor.since)
        since = max(cursor.since - OVERLAP, now - KEPT, chore.put_at)
        return replace(cursor, span=(min(since, until), until), types=tuple(sorted(self.types)))

    async def _make_up(self, chore: Chore, page: EventsPage) -> int:
        """How many of the page had never come; they have now."""
        ids = tuple(event.event_id for event in page.events)
        async with self.open_uow(chore.ref.merchant_id) as uow:
            unseen = await uow.inbox.unseen(chore.ref.account, ids)
        lost = [event for event in page.events if event.event_id in unseen]
        for event in reversed(lost):  # oldest first, as they would have come
            await self.intake.keep(_of(chore, event))
        self.made_up(len(lost))
        return len(lost)

    async def _saved(
        self, chore: Chore, cursor: _Cursor, progress: Progress, now: datetime
    ) -> Chore:
        over = not cursor.types
        if over:
            assert cursor.span is not None
            cursor = _Cursor(since=cursor.span[1])
        step = ChoreStep(
            at=now,
            cursor=msgspec.json.encode(cursor),
            progress=progress,
            over=over,
            next_at=now + EVERY if over else None,
        )
        async with self.open_uow(chore.ref.merchant_id) as uow:
            return await uow.chores.save(chore, step)


def _cursor(chore: Chore) -> _Cursor:
    if chore.cursor is None:
        return _Cursor(since=chore.put_at)
    return msgspec.json.decode(chore.cursor, type=_Cursor)


def _of(chore: Chore, event: IncomingEvent) -> IncomingEvent:
    """Lists of an account's own events do not name it; only a delivery to a platform does."""
    return replace(event, account=chore.ref.account)
