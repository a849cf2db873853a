"""The coalescing writer: few commits, no answer before one, and faults that stay where they are."""

import asyncio
from typing import Any

import asyncpg
import pytest

from adapters.postgres.intake import Busy, PostgresIntake, open_intake
from adapters.postgres.pools import Pools
from application.errors import Unavailable
from application.ports.conveyor import IncomingEvent
from rehearsal.embedded import EmbeddedPostgres
from tests.contract.worlds import Shop, in_postgres

END_WRITERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = $1 and application_name = 'chargechase_system'
    and query ~ 'inbox_bodies|last_event_at'
"""


@pytest.fixture
async def shop(postgres_pools: Pools) -> Shop:
    return await in_postgres(postgres_pools, PostgresIntake()).shop()


def incoming(shop: Shop, event_id: str) -> IncomingEvent:
    return IncomingEvent(
        event_id=event_id, account=shop.account, livemode=False, type="invoice.paid", raw=b"{}"
    )


async def seen_from_outside(database_url: str, query: str, *arguments: Any) -> Any:
    connection = await asyncpg.connect(database_url)
    try:
        return await connection.fetchval(query, *arguments)
    finally:
        await connection.close()


async def test_fifty_deliveries_of_one_id_are_one_row_that_all_were_told_of(
    database_url: str, shop: Shop
) -> None:
    count = "select count(*) from inbox_events where merchant_id = $1"

    async def deliver(intake: PostgresIntake) -> int:
        await intake.keep(incoming(shop, "evt_same"))
        return int(await seen_from_outside(database_url, count, shop.merchant_id))

    async with open_intake(database_url) as intake:
        seen = await asyncio.gather(*(deliver(intake) for _ in range(50)))
    assert seen == [1] * 50
    bodies = "select count(*) from inbox_bodies where merchant_id = $1"
    assert await seen_from_outside(database_url, bodies, shop.merchant_id) == 1


async def test_deliveries_that_come_together_share_commits(database_url: str, shop: Shop) -> None:
    async with open_intake(database_url) as intake:
        await asyncio.gather(*(intake.keep(incoming(shop, f"evt_{n}")) for n in range(200)))
    commits = "select count(distinct xmin::text) from inbox_events where merchant_id = $1"
    assert await seen_from_outside(database_url, commits, shop.merchant_id) <= 4


async def test_a_delivery_that_cannot_be_kept_fails_alone(database_url: str, shop: Shop) -> None:
    async with open_intake(database_url) as intake:
        results = await asyncio.gather(
            *(intake.keep(incoming(shop, f"evt_{n}")) for n in range(5)),
            intake.keep(incoming(shop, "evt_\x00")),
            intake.keep(incoming(shop, "evt_\ud800")),
            return_exceptions=True,
        )
    assert results[:5] == [None] * 5
    assert all(isinstance(result, asyncpg.DataError) for result in results[5:])


async def test_too_many_deliveries_are_refused_at_once(shop: Shop) -> None:
    nobody_writes = PostgresIntake(most_waiting=2)
    waiting = [asyncio.create_task(nobody_writes.keep(incoming(shop, f"e{n}"))) for n in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await nobody_writes.keep(incoming(shop, "e3"))
    for task in waiting:
        task.cancel()


async def test_a_caller_who_left_disturbs_nobody(database_url: str, shop: Shop) -> None:
    async with open_intake(database_url) as intake:
        gone = asyncio.create_task(intake.keep(incoming(shop, "evt_gone")))
        stays = asyncio.create_task(intake.keep(incoming(shop, "evt_stays")))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        await intake.keep(incoming(shop, "evt_later"))


async def test_a_cut_connection_is_made_anew(
    database_url: str, postgres_server: EmbeddedPostgres, shop: Shop
) -> None:
    database = database_url.split("/")[3].split("?", maxsplit=1)[0]
    superuser = postgres_server.url(database, "postgres")
    async with open_intake(database_url) as intake:
        await intake.keep(incoming(shop, "evt_1"))
        assert await seen_from_outside(superuser, END_WRITERS, database)
        await asyncio.sleep(0.1)
        await intake.keep(incoming(shop, "evt_2"))


async def test_whoever_waits_at_the_end_is_told(database_url: str, shop: Shop) -> None:
    async with open_intake(database_url) as intake:
        waiting = [asyncio.create_task(intake.keep(incoming(shop, f"e{n}"))) for n in range(3)]
        await asyncio.sleep(0)
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results)


async def test_while_postgres_is_away_every_caller_is_told(shop: Shop) -> None:
    async with open_intake("postgresql://chargechase@/gone?host=/nonexistent") as intake:
        results = await asyncio.gather(
            *(intake.keep(incoming(shop, f"evt_{n}")) for n in range(3)), return_exceptions=True
        )
    assert all(isinstance(result, Unavailable) for result in results)
