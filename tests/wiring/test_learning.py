"""The loop that learns: it learns where it leads, waits out an outage, and never leads twice."""

import asyncio
import contextlib
from typing import Any

import pytest

from adapters.postgres.intake import open_intake
from adapters.postgres.pools import Pools
from tests.builders import MONDAY
from tests.contract.worlds import Shop, World, a_lesson, in_postgres
from wiring import learning
from wiring.composition import Ground, ground
from wiring.learning import keep_learning
from wiring.settings import Need, load

SOON_S = 10.0


@pytest.fixture
async def world(database_url: str, postgres_pools: Pools) -> Any:
    async with open_intake(database_url) as intake:
        yield in_postgres(postgres_pools, intake)


async def versions(world: World, shop: Shop) -> int:
    async with world.open_uow(shop.merchant_id) as uow:
        return await uow.knowledge.active()


async def teach(world: World, shop: Shop) -> None:
    async with world.open_uow(shop.merchant_id) as uow:
        await uow.lessons.add(MONDAY, (a_lesson(),))


async def until_it_knows(world: World, shop: Shop, version: int) -> None:
    async with asyncio.timeout(SOON_S):
        while await versions(world, shop) < version:  # noqa: ASYNC110 - rows ring no bell
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(here: Ground, leads: list[bool]) -> Any:
    task = asyncio.create_task(keep_learning(here, lambda: leads[-1]))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_who_leads_learns_and_who_does_not_leads_nobody_on(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "EVERY_S", 0.05)
    shop = await world.shop()
    await teach(world, shop)
    leads = [False]
    settings = load({"CHARGECHASE_DATABASE_URL": database_url}, Need.STATUS)
    async with ground(settings) as here, running(here, leads):
        await asyncio.sleep(0.2)
        assert await versions(world, shop) == 0
        leads.append(True)
        await until_it_knows(world, shop, 1)
        other = await world.shop()
        await teach(world, other)
        await until_it_knows(world, other, 1)


async def test_an_outage_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "EVERY_S", 0.05)
    away = "postgresql://app@127.0.0.1:9/chargechase"
    settings = load({"CHARGECHASE_DATABASE_URL": away}, Need.STATUS)
    async with ground(settings) as here, running(here, [True]) as task:
        await asyncio.sleep(0.3)
        assert not task.done()
