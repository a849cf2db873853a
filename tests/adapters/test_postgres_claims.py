"""Claiming under concurrency, and the card's limits under concurrency."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from adapters.postgres.action_queue import CLAIM, HEAD, PostgresActionQueue
from adapters.postgres.inbox import PostgresInbox
from adapters.postgres.intake import open_intake
from adapters.postgres.pools import SYSTEM_ROLE, Pools, connect, open_pools
from application.errors import NetworkLimitReached
from application.ports.conveyor import IncomingEvent
from tests.builders import DAY, MONDAY, OLD_VISA
from tests.contract.worlds import LEASE, Shop, World, a_case, in_postgres, refused, started, tell

CLAIMERS, ROWS = 8, 400
HOT = "select pg_stat_get_xact_tuples_hot_updated('scheduled_actions'::regclass)"
MANY_ACTIONS = """
with cases as (
    insert into recovery_cases (merchant_id, case_id, version, account, invoice_id, amount_minor,
        currency, policy_version, phase, marks, opened_at, closes_at, changed_at)
    select $1, gen_random_uuid(), 1, $2, 'in_many_' || n, 100, 'eur', 1, 'waiting', '[]',
        $3, $3, $3 from generate_series(1, $4) n
    returning merchant_id, case_id, account
)
insert into scheduled_actions (merchant_id, action_id, case_id, account, kind, number, due_at)
select merchant_id, gen_random_uuid(), case_id, account, 'close', 0, $3 from cases
"""


@pytest.fixture
async def world(database_url: str, postgres_pools: Pools) -> AsyncIterator[World]:
    async with open_intake(database_url) as intake:
        yield in_postgres(postgres_pools, intake)


@pytest.fixture
async def wide_pools(database_url: str) -> AsyncIterator[Pools]:
    async with open_pools(database_url, app_size=CLAIMERS, system_size=CLAIMERS) as pools:
        yield pools


async def many_actions(database_url: str, shop: Shop, count: int) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("truncate scheduled_actions")
    await connection.execute(MANY_ACTIONS, shop.merchant_id, shop.account, MONDAY, count)
    await connection.close()


async def until_none_is_left(claim: Any) -> list[Any]:
    found: list[Any] = []
    while rows := await claim():
        found += rows
    return found


async def test_eight_claimers_get_each_action_once(
    world: World, wide_pools: Pools, database_url: str
) -> None:
    await many_actions(database_url, await world.shop(), ROWS)
    queues = [PostgresActionQueue(wide_pools.system) for _ in range(CLAIMERS)]
    claimed = await asyncio.gather(
        *(until_none_is_left(lambda q=queue: q.claim(MONDAY, 7, LEASE)) for queue in queues)
    )
    times = Counter(due.ref for one in claimed for due in one)
    assert len(times) == ROWS
    assert set(times.values()) == {1}


async def test_eight_claimers_get_each_event_once(world: World, wide_pools: Pools) -> None:
    shop = await world.shop()
    events = [
        IncomingEvent(
            event_id=f"evt_{n}", account=shop.account, livemode=False, type="x", raw=b"{}"
        )
        for n in range(ROWS)
    ]
    await asyncio.gather(*(world.intake.keep(event) for event in events))
    inboxes = [PostgresInbox(wide_pools.system) for _ in range(CLAIMERS)]
    claimed = await asyncio.gather(
        *(until_none_is_left(lambda i=inbox: i.claim(7, LEASE)) for inbox in inboxes)
    )
    times = Counter(ref for one in claimed for ref in one)
    assert len(times) == ROWS
    assert set(times.values()) == {1}


async def test_a_claim_rewrites_hardly_any_index(world: World, database_url: str) -> None:
    await many_actions(database_url, await world.shop(), 1_000)
    connection = await connect(database_url, SYSTEM_ROLE)
    async with connection.transaction():
        claimed = await connection.fetch(CLAIM, MONDAY, *HEAD, 1_000, LEASE)
        hot = await connection.fetchval(HOT)
    assert len(claimed) == 1_000
    assert hot > 900
    await connection.close()


async def test_two_cases_cannot_take_the_last_charge_of_a_card_together(world: World) -> None:
    shop = await world.shop()
    cases = [await a_case(world, shop, f"in_{n}") for n in range(4)]
    declines = [refused(f"ch_{n}", MONDAY - n * DAY) for n in range(1, 20)]
    await tell(world, shop, cases[0], *declines)
    results = await asyncio.gather(
        *(tell(world, shop, case_id, started(card=OLD_VISA)) for case_id in cases),
        return_exceptions=True,
    )
    refusals = [result for result in results if isinstance(result, NetworkLimitReached)]
    assert len(refusals) == 3


async def test_a_closed_case_is_not_charged_whatever_the_app_believes(
    world: World, database_url: str
) -> None:
    shop = await world.shop()
    case_id = await a_case(world, shop)
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "update recovery_cases set phase = 'lost', closed_at = now() where case_id = $1", case_id
    )
    with pytest.raises(asyncpg.PostgresError) as refusal:
        await connection.execute(
            "insert into payment_attempts (merchant_id, case_id, attempt_id, account, invoice_id,"
            " number, by, fingerprint, amount_minor, currency, state, started_at) values"
            " ($1, $2, $3, 'a', 'i', 1, 'chargechase', 'fp', 1, 'eur', 'in_flight', now())",
            shop.merchant_id,
            case_id,
            f"{case_id}:1",
        )
    assert refusal.value.sqlstate == "CC001"
    await connection.close()


async def test_one_charge_at_a_time_is_on_its_way_for_an_invoice(
    world: World, database_url: str
) -> None:
    shop = await world.shop()
    case_id = await a_case(world, shop)
    await tell(world, shop, case_id, started())
    connection = await asyncpg.connect(database_url)
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(
            "insert into payment_attempts select merchant_id, case_id, case_id || ':2', account,"
            " invoice_id, 2, null, by, 'fp_' || $1, brand, amount_minor, currency, state, family,"
            " started_at, resolved_at from payment_attempts where case_id = $2",
            uuid4().hex,
            case_id,
        )
    await connection.close()
