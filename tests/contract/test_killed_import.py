"""An import whose process is killed (kill -9), started again, and killed again."""

import asyncio
import signal
import sys
from datetime import timedelta

from adapters.postgres.intake import PostgresIntake
from application.ports.chores import Chore, ChoreKind
from domain.backtest.past import past_case
from tests.contract.stripes_past import House, a_house
from tests.contract.test_nothing_lost import FEW, lessons_of, offers_of
from tests.contract.worlds import World
from tests.running import ROOT
from tests.stripe_shop import ACCOUNT

KILLS = 4
FINISHED_WITHIN_S = 60.0
CALLS_PER_S = "200"  # of which an import takes half


async def test_a_killed_import_goes_on_where_it_was_and_doubles_nothing(
    postgres_world: World, postgres_intake: PostgresIntake, database_url: str
) -> None:
    async with a_house(postgres_world, FEW) as house:
        house.live(timedelta(days=240))
        await house.ask_for(ChoreKind.IMPORT)
        kills = 0
        while (chore := await house.chore(ChoreKind.IMPORT)).finished_at is None:
            kills += await _killed(house, chore, database_url, wanted=kills < KILLS)
        assert kills == KILLS
        assert chore.progress.done == len(house.invoices())
        ended = await house.world.history.ended(house.shop.merchant_id, None, 10_000)
        assert len(ended) + len(await offers_of(house)) == chore.progress.found > KILLS
        charges = sum(len(past.charges) for case in ended if (past := past_case(case.history)))
        assert len(await lessons_of(house)) == charges


async def _killed(house: House, before: Chore, database_url: str, *, wanted: bool) -> bool:
    """Start a worker; kill it as soon as it has got a little further, if that is `wanted`."""
    now = house.world.now.isoformat()
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.importer", database_url, house.double.base_url, ACCOUNT, now,
        CALLS_PER_S, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    ended = asyncio.create_task(worker.wait())
    try:
        async with asyncio.timeout(FINISHED_WITHIN_S):
            while not ended.done():
                chore = await house.chore(ChoreKind.IMPORT)
                if wanted and chore.turn >= before.turn + 2:
                    worker.kill()
                    return await ended == -signal.SIGKILL
                await asyncio.wait({ended}, timeout=0.02)
    finally:
        if not ended.done():
            worker.kill()
            await ended
    return False
