"""A merchant's own past out of the database, a batch at a time, for the backtest."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Final
from uuid import UUID

from adapters.postgres.history import PostgresHistory
from application.ports.history import History
from domain.backtest import PastCase
from domain.backtest.past import past_case
from wiring.composition import ground
from wiring.policies import only_merchant
from wiring.settings import Settings
from wiring.starting import refusals_told

BATCH: Final = 500


@contextmanager
def own_past(settings: Settings, merchant_id: UUID | None) -> Iterator[Iterator[PastCase] | None]:
    """Ended cases while the database is open; None, once that is told, if there is no merchant or
    it is not clear which. At most BATCH cases are held at once."""
    held = AsyncExitStack()
    with asyncio.Runner() as runner, refusals_told():
        here = runner.run(held.enter_async_context(ground(settings, app_connections=1)))
        try:
            whose = merchant_id or runner.run(only_merchant(here))
            history = PostgresHistory(here.pools.app)
            yield None if whose is None else _read(runner, history, whose)
        finally:
            runner.run(held.aclose())


def _read(runner: asyncio.Runner, history: History, merchant_id: UUID) -> Iterator[PastCase]:
    after: UUID | None = None
    while batch := runner.run(history.ended(merchant_id, after, BATCH)):
        found = map(past_case, [ended.history for ended in batch])
        yield from (past for past in found if past is not None)
        after = batch[-1].case_id
