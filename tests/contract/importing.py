"""A worker that does nothing but one account's import, to be killed: `importing URL BASE NOW`."""

import asyncio
import sys
import time
from datetime import datetime, timedelta

from adapters.postgres.chores import PostgresChoreQueue
from adapters.postgres.pools import open_pools
from adapters.postgres.unit_of_work import units_of_work
from adapters.secrets.box import SecretBox
from adapters.stripe.client import StripeConnection
from adapters.stripe.records import StripeListings
from application.ports.chores import ChoreKind
from application.use_cases.import_history import ImportHistory
from application.use_cases.run_chore import RunChore
from tests.stripe_shop import access_to

CALLS_PER_S = 200.0  # of which an import takes half
LEASE = timedelta(milliseconds=300)


async def work(database_url: str, stripe: str, now: datetime) -> None:
    """Until there is nothing left to claim."""
    connection = StripeConnection(access_to(stripe))
    async with open_pools(database_url) as pools:
        queue = PostgresChoreQueue(pools.system)
        run = RunChore(
            chores=queue,
            by_kind={
                ChoreKind.IMPORT: ImportHistory(
                    records=StripeListings(connection, CALLS_PER_S),
                    open_uow=units_of_work(pools.app, SecretBox(())),
                    clock=lambda: now,
                )
            },
            seconds=time.monotonic,
            draining=lambda: False,
        )
        for ref in await queue.claim(now, 1, LEASE):
            await run(ref)
    await connection.close()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3])))
