"""A worker that does nothing but one account's import: `importer URL STRIPE NOW CALLS_PER_S`.

A program of its own, so that it can be killed. Of the calls an import takes half.
"""

import asyncio
import logging
import sys
import time
from datetime import datetime, timedelta

import structlog

from adapters.postgres.chores import PostgresChoreQueue
from adapters.postgres.pools import open_pools
from adapters.postgres.unit_of_work import units_of_work
from adapters.secrets.box import SecretBox
from adapters.stripe.client import StripeAccess, StripeConnection
from adapters.stripe.pace import RateLimits
from adapters.stripe.records import StripeListings
from application.ports.chores import ChoreKind
from application.use_cases.import_history import ImportHistory
from application.use_cases.run_chore import RunChore

LEASE = timedelta(milliseconds=300)
KEY = "sk_test_rehearsal"


async def work(database_url: str, access: StripeAccess, now: datetime, calls_per_s: float) -> int:
    """Until there is nothing left to claim; how many calls were made."""
    calls = 0

    def called(_endpoint: str, _outcome: str, _seconds: float) -> None:
        nonlocal calls
        calls += 1

    connection = StripeConnection(access, called)
    async with open_pools(database_url) as pools:
        queue = PostgresChoreQueue(pools.system)
        run = RunChore(
            chores=queue,
            by_kind={
                ChoreKind.IMPORT: ImportHistory(
                    records=StripeListings(connection, calls_per_s),
                    open_uow=units_of_work(pools.app, SecretBox(())),
                    clock=lambda: now,
                )
            },
            seconds=time.monotonic,
            draining=lambda: False,
        )
        while refs := await queue.claim(now, 1, LEASE):
            for ref in refs:
                await run(ref)
    await connection.close()
    return calls


def access_to(base: str, account: str) -> StripeAccess:
    """Without limits of ours but the import's own."""
    unlimited = RateLimits(account_per_s=100_000, endpoint_per_s=100_000)
    return StripeAccess(api_key=KEY, own_account=account, base=base, limits=unlimited)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    url, stripe, account, at, rate = sys.argv[1:]
    print(
        asyncio.run(work(url, access_to(stripe, account), datetime.fromisoformat(at), float(rate)))
    )
