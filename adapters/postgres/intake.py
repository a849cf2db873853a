"""Keeping what Stripe sent: deliveries that arrive together share one commit.

Each writer holds a connection. Whatever waits when it is free is written by one statement, and each
caller is answered after that commit; nobody waits for company.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from copy import copy
from typing import Any, Final
from uuid import UUID

import structlog

from adapters.postgres.account_map import AccountMap
from adapters.postgres.event_body import CURRENT, pack
from adapters.postgres.pools import SYSTEM_ROLE, connect, outages
from application.errors import Unavailable
from application.ports.conveyor import IncomingEvent

_log = structlog.get_logger()

MOST_WAITING: Final = 2_000  # deliveries; more are refused at once, and Stripe sends them again
MOST_IN_A_BATCH: Final = 256
MOST_IN_A_LINE: Final = 20
WRITERS: Final = 2

# Rows come sorted by key, so that two writers cannot wait for each other in a circle.
KEEP: Final = """
with incoming as materialized (
    select nextval('inbox_seq') as seq, *
    from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::bytea[])
        as row (merchant_id, account, event_id, livemode, type, body)
), fresh as (
    insert into inbox_events (merchant_id, account, event_id, livemode, seq, type)
    select merchant_id, account, event_id, livemode, seq, type from incoming
    on conflict do nothing
    returning seq
)
insert into inbox_bodies (merchant_id, seq, arrived_on, dictionary, body)
select merchant_id, seq, (now() at time zone 'UTC')::date, $7, body
from incoming join fresh using (seq)
"""
KEEP_ORPHANS: Final = """
insert into orphan_events (account, livemode, event_id, type, dictionary, body)
select account, livemode, event_id, type, $6, body
from unnest($1::text[], $2::boolean[], $3::text[], $4::text[], $5::bytea[])
    as row (account, livemode, event_id, type, body)
on conflict do nothing
"""

Key = tuple[UUID, str, str]  # merchant, account, event


class Busy(Unavailable):
    """Too many deliveries wait already; this one was not taken."""


class _Delivery:
    """An event, packed, and the caller who waits for its commit."""

    __slots__ = ("body", "event", "kept")

    def __init__(self, event: IncomingEvent) -> None:
        self.event = event
        self.body = pack(event.raw)
        self.kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def answer(self, error: Exception | None) -> None:
        if self.kept.done():  # the caller has gone
            return
        if error is None:
            self.kept.set_result(None)
        else:
            self.kept.set_exception(copy(error))  # each caller adds its own traceback


class PostgresIntake:
    """The queue between the callers and the writers. Use `open_intake`."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self.waiting: asyncio.Queue[_Delivery] = asyncio.Queue(most_waiting)

    async def keep(self, event: IncomingEvent) -> None:
        """Also raises Busy at once when too many wait, Unavailable while Postgres is away."""
        delivery = _Delivery(event)
        try:
            self.waiting.put_nowait(delivery)
        except asyncio.QueueFull:
            raise Busy("too many deliveries wait") from None
        await delivery.kept


@asynccontextmanager
async def open_intake(url: str, writers: int = WRITERS) -> AsyncIterator[PostgresIntake]:
    """An intake with its writers running; each connects when it first has something to write."""
    intake, accounts = PostgresIntake(), AccountMap()
    tasks = [
        asyncio.create_task(_Writer(url, intake.waiting, accounts).run()) for _ in range(writers)
    ]
    try:
        yield intake
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while not intake.waiting.empty():
            intake.waiting.get_nowait().answer(Unavailable("shutting down"))


def _answer(batch: list[_Delivery], outcome: Exception | None) -> None:
    for delivery in batch:
        delivery.answer(outcome)


class _Writer:
    """One connection that writes whatever waits."""

    def __init__(self, url: str, waiting: asyncio.Queue[_Delivery], accounts: AccountMap) -> None:
        self._url = url
        self._waiting = waiting
        self._accounts = accounts
        self._connection: Any = None

    async def run(self) -> None:
        try:
            while True:
                await self._settle(await self._next_batch())
        finally:
            if self._connection is not None:
                self._connection.terminate()

    async def _next_batch(self) -> list[_Delivery]:
        batch = [await self._waiting.get()]
        while len(batch) < MOST_IN_A_BATCH and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        return batch

    async def _settle(self, batch: list[_Delivery]) -> None:
        """Write the batch and answer each caller; a row that Postgres will not have fails alone."""
        outcome: Exception | None = None
        try:
            with outages():
                await self._write(batch)
        except asyncio.CancelledError:
            _answer(batch, Unavailable("shutting down"))
            raise
        except Exception as error:
            outcome = error
        if len(batch) > 1 and outcome is not None and not isinstance(outcome, Unavailable):
            for delivery in batch:
                await self._settle([delivery])
            return
        _answer(batch, outcome)

    async def _write(self, batch: list[_Delivery]) -> None:
        connection = await self._connected()
        await self._accounts.refresh(connection, [delivery.event for delivery in batch])
        rows: dict[Key, _Delivery] = {}
        orphans: list[_Delivery] = []
        for delivery in batch:
            owner = self._accounts.owner(delivery.event)
            if owner is None:
                orphans.append(delivery)
            else:
                rows.setdefault((*owner, delivery.event.event_id), delivery)
        if rows:
            await connection.execute(KEEP, *_columns(rows), CURRENT)
            with suppress(Unavailable), outages():  # the events are kept, whatever becomes of it
                await self._accounts.heard(connection, (each.event for each in rows.values()))
        if orphans:
            await connection.execute(KEEP_ORPHANS, *_orphan_columns(orphans), CURRENT)
        _tell(batch)

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url, SYSTEM_ROLE)
        return self._connection


def _tell(batch: list[_Delivery]) -> None:
    """A line for many events: the jobs that handle them log under the same ids."""
    ids = [delivery.event.event_id for delivery in batch]
    for start in range(0, len(ids), MOST_IN_A_LINE):
        _log.info("events_kept", event_ids=ids[start : start + MOST_IN_A_LINE])


def _columns(rows: dict[Key, _Delivery]) -> tuple[list[Any], ...]:
    keys = sorted(rows)
    deliveries = [rows[key] for key in keys]
    return (
        [merchant_id for merchant_id, _, _ in keys],
        [account for _, account, _ in keys],
        [event_id for _, _, event_id in keys],
        [delivery.event.livemode for delivery in deliveries],
        [delivery.event.type for delivery in deliveries],
        [delivery.body for delivery in deliveries],
    )


def _orphan_columns(orphans: list[_Delivery]) -> tuple[list[Any], ...]:
    ordered = sorted(
        orphans, key=lambda orphan: (orphan.event.account or "", orphan.event.event_id)
    )
    return (
        [orphan.event.account for orphan in ordered],
        [orphan.event.livemode for orphan in ordered],
        [orphan.event.event_id for orphan in ordered],
        [orphan.event.type for orphan in ordered],
        [orphan.body for orphan in ordered],
    )
