"""A connection brings nothing back to its pool: asked with raw SQL as the app's own role."""

import asyncio
import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest

import adapters.postgres
from adapters.postgres.intake import open_intake
from adapters.postgres.pools import Pools, acquired, open_pools
from adapters.postgres.unit_of_work import bound
from tests.contract.worlds import Shop, a_merchant, in_postgres, opened, tell

# A lock, a setting, a listener or a table of the session's own.
OUTLIVES = re.compile(
    r"pg_(try_)?advisory_lock|, false\)\"|\bset session\b|[\"']set \w+ (=|to)|add_listener"
    r"|\blisten \w+|create temp|with hold",
    re.IGNORECASE,
)


@pytest.fixture
async def with_a_case(database_url: str, postgres_pools: Pools) -> UUID:
    async with open_intake(database_url) as intake:
        world = in_postgres(postgres_pools, intake)
        new = a_merchant()
        await world.registration.register(new)
        shop = Shop(new.merchant_id, new.account)
        await tell(world, shop, uuid4(), opened(shop))
    return new.merchant_id


async def test_a_connection_that_was_given_up_in_the_middle_comes_back_clean(
    database_url: str, with_a_case: UUID
) -> None:
    """A pool of one asks nothing of Postgres when a connection comes back."""
    count = "select count(*) from recovery_cases"
    async with open_pools(database_url, app_size=1) as pools:

        async def one_who_waits_too_long() -> None:
            async with asyncio.timeout(0.2), bound(pools.app, with_a_case) as connection:
                assert await connection.fetchval(count) == 1
                await connection.execute("select pg_sleep(10)")

        with pytest.raises(TimeoutError):
            await one_who_waits_too_long()
        async with acquired(pools.app) as connection:
            assert not connection.is_in_transaction()
            assert await connection.fetchval(count) == 0


def test_what_outlives_a_transaction_is_asked_for_only_on_a_connection_of_ones_own() -> None:
    """Nobody takes it back from a connection that returns to its pool."""
    found = {
        path.name
        for path in Path(adapters.postgres.__file__).parent.glob("*.py")
        if OUTLIVES.search(path.read_text())
    }
    assert found == {"leadership.py", "migrate.py"}
