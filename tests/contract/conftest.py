"""The one fixture of the contract tests: a world, twice."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.intake import PostgresIntake, open_intake
from adapters.postgres.pools import Pools
from tests.contract.worlds import Shop, World, in_memory, in_postgres

# Conveyor, standing, learners and the installation's own account know no merchant: they begin
# empty.
EMPTY = (
    "truncate recovery_cases, inbox_events, inbox_bodies, orphan_events, stripe_accounts,"
    " lessons, knowledge_pool, account_chores, past_cases, offered_invoices,"
    " connect_agreements cascade"
)


@pytest.fixture(scope="module")
async def postgres_intake(database_url: str) -> AsyncIterator[PostgresIntake]:
    async with open_intake(database_url) as intake:
        yield intake


@pytest.fixture
async def postgres_world(
    database_url: str, postgres_pools: Pools, postgres_intake: PostgresIntake
) -> World:
    connection = await asyncpg.connect(database_url)
    await connection.execute(EMPTY)
    await connection.close()
    return in_postgres(postgres_pools, postgres_intake)


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return in_memory()
    found = request.getfixturevalue("postgres_world")
    assert isinstance(found, World)
    return found


@pytest.fixture
async def shop(world: World) -> Shop:
    """A merchant in that world."""
    return await world.shop()
