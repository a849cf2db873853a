"""A server that dies and comes back: callers are told, and everything goes on by itself."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import psutil
import pytest

from adapters.postgres.intake import open_intake
from adapters.postgres.leadership import Leadership
from adapters.postgres.migrate import migrate
from adapters.postgres.pools import Pools, open_pools, outages
from adapters.postgres.unit_of_work import units_of_work
from application.errors import Unavailable
from rehearsal.embedded import EmbeddedPostgres, start_postgres
from tests.contract.worlds import BOX, LEASE, in_postgres
from tests.contract.worlds import a_case as case_of


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="chargechase-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def kill(server: EmbeddedPostgres) -> None:
    """As a power cut would: a backend may answer once more after its parent died."""
    family = [psutil.Process(server.process.pid)]
    family += family[0].children(recursive=True)
    for member in family:
        os.kill(member.pid, signal.SIGKILL)
    server.process.wait()
    psutil.wait_procs(family, timeout=10)
    server.lock.release()


async def test_pools_and_intake_heal_after_a_killed_server(folder: Path) -> None:
    server = start_postgres(folder)
    url = server.url()
    await migrate(url)
    async with open_pools(url) as pools, open_intake(url) as intake:
        world = in_postgres(pools, intake)
        shop = await world.shop()
        case_id = await case_of(world, shop)
        kill(server)
        with pytest.raises(Unavailable):
            async with world.open_uow(shop.merchant_id) as uow:
                await uow.cases.load(case_id)
        with pytest.raises(Unavailable):
            await world.inbox.claim(1, LEASE)
        server = start_postgres(folder)
        try:
            async with world.open_uow(shop.merchant_id) as uow:
                assert len(await uow.cases.load(case_id)) == 1
            assert await world.inbox.claim(1, LEASE) == ()
            assert (await world.registry.standing()).open == 1
        finally:
            server.stop()


async def test_a_cancelled_unit_of_work_gives_its_connection_back(
    database_url: str, postgres_pools: Pools
) -> None:
    shop = await in_postgres(postgres_pools, None).shop()  # type: ignore[arg-type]
    async with open_pools(database_url, app_size=1) as pools:
        open_uow = units_of_work(pools.app, BOX)

        async def hold() -> None:
            async with open_uow(shop.merchant_id) as uow:
                await uow.policies.active()
                await asyncio.sleep(60)

        for _ in range(3):
            task = asyncio.create_task(hold())
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with open_uow(shop.merchant_id) as uow:
            assert await uow.cases.load(uuid4()) == ()


async def test_one_leads_and_the_next_takes_over(database_url: str) -> None:
    first, second = Leadership(database_url), Leadership(database_url)
    assert await first.holds()
    assert not await second.holds()
    assert await first.holds()
    await first.resign()
    await asyncio.sleep(0.05)
    assert await second.holds()
    assert not await first.holds()
    await first.resign()
    await second.resign()


async def test_a_leader_whose_server_is_gone_does_not_lead() -> None:
    leadership = Leadership("postgresql://chargechase@/gone?host=/nonexistent")
    with pytest.raises(Unavailable):
        await leadership.holds()


def test_a_server_that_dies_in_the_midst_of_an_exchange_is_away_and_no_bug() -> None:
    with pytest.raises(Unavailable), outages():
        raise asyncpg.InternalClientError("cannot switch to state 12; another operation is on")
    with pytest.raises(asyncpg.UndefinedTableError), outages():
        raise asyncpg.UndefinedTableError("a bug stays a bug")
