"""Learning from outcomes, now and then, in the process that leads the dispatchers."""

import asyncio
from collections.abc import Callable

import structlog

from adapters.postgres.learning import PostgresLearners
from application.errors import Unavailable
from application.use_cases.learn_from_outcomes import MOST_MERCHANTS, LearnFromOutcomes
from wiring.composition import Ground

EVERY_S = 300.0
IN_REHEARSAL_EVERY_S = 5.0  # a day goes by in that time or less: people are there to see it

_log = structlog.get_logger()


async def keep_learning(here: Ground, leads: Callable[[], bool]) -> None:
    """For ever: a round, and after a full one the next at once."""
    learn = LearnFromOutcomes(
        open_uow=here.open_uow, learners=PostgresLearners(here.pools.system), clock=here.clock
    )
    pause_s = IN_REHEARSAL_EVERY_S if here.settings.clock else EVERY_S
    while True:
        if await _round(learn, leads) < MOST_MERCHANTS:
            await asyncio.sleep(pause_s)


async def _round(learn: LearnFromOutcomes, leads: Callable[[], bool]) -> int:
    if not leads():
        return 0
    try:
        learned = await learn()
    except Unavailable as away:
        _log.warning("learning_skipped", error=str(away))
        return 0
    if learned:
        _log.info("learned", count=learned)
    return learned
