"""The dispatcher process: one leads, claims what is due and rings the workers' bell."""

import asyncio
import signal
import time
from datetime import timedelta

import structlog

from adapters.jobs.broker import redis_broker
from adapters.jobs.job_queue import DramatiqJobQueue
from adapters.postgres.action_queue import PostgresActionQueue
from adapters.postgres.chores import PostgresChoreQueue
from adapters.postgres.inbox import PostgresInbox
from adapters.postgres.leadership import Leadership
from adapters.postgres.partitions import tend_partitions
from adapters.stripe.pace import TokenBucket
from application.errors import Unavailable
from application.shaping import Shaper
from application.use_cases.dispatch_due import DispatchDue
from wiring.composition import Ground, ground
from wiring.errors import report_errors_to
from wiring.learning import keep_learning
from wiring.logs import configure_logs
from wiring.sending import keep_looking
from wiring.settings import Settings
from wiring.standing import standing_of
from wiring.starting import until_there

LEAD_ASKED_EVERY_S = 1.0
PARTITIONS_TENDED_EVERY_S = 3600.0
CHORES_PROVIDED_EVERY_S = 15.0  # so long a newly connected account may wait for its chores
PATIENCE_S = 1.0  # after an outage, before the next round

_log = structlog.get_logger()


def dispatch(settings: Settings) -> int:
    """Until SIGTERM or SIGINT."""
    configure_logs("dispatcher", settings.log_level, settings.secrets())
    report_errors_to(settings, "dispatcher")
    asyncio.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
    asked = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, asked.set)
    async with ground(settings, app_connections=2) as here:
        if settings.metrics_port:
            here.metrics.serve(settings.metrics_port, settings.host, standing_of(here))
        leadership = Leadership(settings.database_url)
        rounds = asyncio.create_task(_rounds(here, leadership))
        learning = asyncio.create_task(keep_learning(here, lambda: leadership.leads))
        stopping = asyncio.create_task(asked.wait())
        looking = asyncio.create_task(keep_looking(here, lambda: leadership.leads))
        running = {rounds, learning, looking}
        await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in running:
            if task.done():
                task.result()
            task.cancel()
        await asyncio.wait(running)
        await leadership.resign()


async def _rounds(here: Ground, leadership: Leadership) -> None:
    await until_there(here.registry.accounts)  # tables and login are as they should be
    _log.info("dispatcher_started")
    round_of = _round(here)
    chores = PostgresChoreQueue(here.pools.system)
    leads, ask_at, tend_at, provide_at = False, 0.0, 0.0, 0.0
    while True:
        try:
            if time.monotonic() >= ask_at:
                leads, ask_at = await leadership.holds(), time.monotonic() + LEAD_ASKED_EVERY_S
                here.metrics.leading(leads)
            if leads and time.monotonic() >= tend_at:
                await tend_partitions(here.pools.system)
                tend_at = time.monotonic() + PARTITIONS_TENDED_EVERY_S
            if leads and time.monotonic() >= provide_at:
                await chores.provide(here.clock())
                provide_at = time.monotonic() + CHORES_PROVIDED_EVERY_S
            handed_over = await round_of() if leads else 0
        except Unavailable as away:
            _log.warning("round_skipped", error=str(away))
            leads, ask_at, handed_over = False, 0.0, 0
            await asyncio.sleep(PATIENCE_S)
        if not handed_over:
            await asyncio.sleep(here.settings.poll_interval_s)


def _round(here: Ground) -> DispatchDue:
    return DispatchDue(
        inbox=PostgresInbox(here.pools.system),
        actions=PostgresActionQueue(here.pools.system),
        chores=PostgresChoreQueue(here.pools.system),
        jobs=DramatiqJobQueue(redis_broker(here.settings.redis_url)),
        shaper=Shaper(TokenBucket(here.settings.stripe_calls_per_s).reserve),
        clock=here.clock,
        count=here.metrics.handed_over,
        lease=timedelta(seconds=here.settings.lease_s),
    )
