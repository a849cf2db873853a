"""What cases asked before there were tasks becomes tasks; two who raise one at once raise one."""

import asyncio
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from adapters.postgres.intake import open_intake
from adapters.postgres.pools import Pools
from domain.policy import EndAction
from domain.recovery import events as e
from domain.tasks import TaskKind
from tests.builders import DAY, MONDAY
from tests.contract.test_tasks import a_task
from tests.contract.worlds import World, in_postgres, opened, tell

SCRIPT = Path("adapters/postgres/migrations/tasks/3_asked_already.sql")


@pytest.fixture
async def world(database_url: str, postgres_pools: Pools) -> World:
    async with open_intake(database_url) as intake:
        return in_postgres(postgres_pools, intake)


async def test_whatever_waits_for_a_merchant_becomes_a_task(
    database_url: str, world: World
) -> None:
    shop = await world.shop()
    questioned, to_confirm, by_hand, calm = uuid4(), uuid4(), uuid4(), uuid4()
    end = EndAction.CANCEL_SUBSCRIPTION
    later, over = MONDAY + DAY, e.LossReason.WINDOW_OVER
    paused = e.CasePaused(at=later, by=e.Pauser.CUSTOMER, about=e.Problem.OTHER)
    lost = e.CaseLost(at=later, reason=over, then=end, confirm=True)
    handed = (
        e.CaseLost(at=later, reason=over, then=end),
        e.EndActionDone(at=later, result=e.EndResult.BY_HAND, reason="permission_missing"),
    )
    for case_id, events in (
        (questioned, (paused,)),
        (to_confirm, (lost,)),
        (by_hand, handed),
        (calm, ()),
    ):
        await tell(world, shop, case_id, opened(shop, f"in_{case_id.hex}"), *events)
    owner = await asyncpg.connect(database_url)
    await owner.execute((Path(__file__).parents[2] / SCRIPT).read_text())
    found = await owner.fetch("select case_id, kind from tasks")
    await owner.close()
    assert {(row["case_id"], row["kind"]) for row in found} == {
        (questioned, TaskKind.SOMETHING_WRONG),
        (to_confirm, TaskKind.CONFIRM_END),
        (by_hand, TaskKind.CAPABILITY_MISSING),
    }


async def test_two_who_raise_one_task_at_once_raise_one(world: World) -> None:
    shop = await world.shop()

    async def add(hours: int) -> bool:
        async with world.open_uow(shop.merchant_id) as uow:
            raised = await uow.tasks.add(a_task("case:1", opened_at=MONDAY + hours * DAY))
            await asyncio.sleep(0.05)
            return raised

    assert sorted(await asyncio.gather(*map(add, range(5)))) == [False] * 4 + [True]
