"""The worker process: Dramatiq hands it references, it does what the rows behind them ask for."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import NamedTuple

import structlog
from dramatiq import Broker

from adapters.email.render import JinjaLetters
from adapters.jobs.actors import declare_actors
from adapters.jobs.batch import BatchWork
from adapters.jobs.broker import Draining, StartFailed, redis_broker
from adapters.jobs.worker import run_worker
from adapters.postgres.action_queue import PostgresActionQueue
from adapters.postgres.inbox import PostgresInbox
from adapters.postgres.intake import open_intake
from adapters.stripe.events import StripeEventReader
from application.charging import Charging
from application.mail_gate import MailGate
from application.ports.chores import ChoreRef
from application.ports.mailer import Mailer
from application.ports.payments import Payments
from application.ports.stores import ActionRef, EventRef
from application.texting import Texting
from application.use_cases.close_case import CloseCase
from application.use_cases.end_case import EndCase
from application.use_cases.process_event import ProcessEvent
from application.use_cases.reconcile_attempt import ReconcileAttempt
from application.use_cases.resume_case import ResumeCase
from application.use_cases.run_attempt import RunAttempt
from application.use_cases.send_reminder import SendReminder
from application.use_cases.take_over_retries import TakeOverRetries
from application.work import CarryOut, Errand, Failures
from domain.recovery.actions import ActionKind
from wiring.chores import Chores, Tools
from wiring.composition import (
    Ground,
    ground,
    links_of,
    listings_of,
    mail_domain,
    new_token,
    payments_of,
    renewals_of,
    texting_of,
)
from wiring.errors import report_errors_to
from wiring.leaving import Leaving
from wiring.letters import mailer_of
from wiring.logs import configure_logs
from wiring.settings import Settings
from wiring.standing import gate_of
from wiring.starting import CannotStart, until_there
from wiring.stripe_desk import StripeDesk

CONCURRENCY = 8  # references of one batch at a time
THREADS = 4  # batches at a time
CONNECTIONS = 12

_log = structlog.get_logger()


class Worker:
    """What the jobs need, opened and closed on the event loop that runs them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = AsyncExitStack()
        self._events: BatchWork[EventRef] | None = None
        self._actions: BatchWork[ActionRef] | None = None
        self._chores: Chores | None = None
        self.draining = Draining()

    async def open(self) -> None:
        """Raises what stands in the way; nothing stays open then."""
        async with AsyncExitStack() as opening:
            here = await opening.enter_async_context(
                ground(self._settings, app_connections=CONNECTIONS)
            )
            payments, connection = payments_of(here)
            opening.push_async_callback(connection.close)
            await connection.open()
            if self._settings.metrics_port:
                here.metrics.serve(self._settings.metrics_port, self._settings.host)
            mailer = mailer_of(here)
            opening.push_async_callback(mailer.close)
            texting = await _texting(here, opening)
            gate = gate_of(here)
            self._build(here, payments, _Ways(mailer, texting, gate))
            intake = await opening.enter_async_context(
                open_intake(self._settings.database_url, writers=1)
            )
            tools = Tools(
                records=listings_of(here, connection),
                renewals=renewals_of(here, connection),
                payments=payments,
                mailer=mailer,
                gate=gate,
                intake=intake,
                desk=StripeDesk(here),
            )
            self._chores = Chores(here, tools, self.draining)
            self._open = opening.pop_all()

    async def close(self) -> None:
        await self._open.aclose()

    async def handle_events(self, refs: tuple[EventRef, ...]) -> None:
        assert self._events is not None
        await self._events(refs)

    async def run_actions(self, refs: tuple[ActionRef, ...]) -> None:
        assert self._actions is not None
        await self._actions(refs)

    async def run_chores(self, refs: tuple[ChoreRef, ...]) -> None:
        assert self._chores is not None
        await self._chores(refs)

    def _build(self, here: Ground, payments: Payments, ways: "_Ways") -> None:
        inbox = PostgresInbox(here.pools.system)
        queue = PostgresActionQueue(here.pools.system)
        failures = Failures(
            inbox=inbox,
            actions=queue,
            count=lambda kind, dead: here.metrics.job_failed(kind, dead=dead),
        )
        lease = timedelta(seconds=self._settings.lease_s)
        self._events = BatchWork(
            do=ProcessEvent(
                cases=here.cases, inbox=inbox, events=StripeEventReader(), payments=payments
            ),
            failed=failures.of_event,
            renew=inbox.renew,
            name=lambda ref: ref.event_id,
            concurrency=CONCURRENCY,
            lease=lease,
            draining=self.draining,
        )
        self._actions = BatchWork(
            do=CarryOut(actions=queue, by_kind=_by_kind(here, payments, ways), clock=here.clock),
            failed=failures.of_action,
            renew=queue.renew,
            name=lambda ref: str(ref.action_id),
            concurrency=CONCURRENCY,
            lease=lease,
            draining=self.draining,
        )


class _Ways(NamedTuple):
    """How messages go, and what they pass."""

    mailer: Mailer
    texting: Texting | None
    gate: MailGate


async def _texting(here: Ground, opening: AsyncExitStack) -> Texting | None:
    found = texting_of(here)
    if found is None:
        return None
    texting, texter = found
    await opening.enter_async_context(texter)
    return texting


def _by_kind(here: Ground, payments: Payments, ways: _Ways) -> dict[ActionKind, Errand]:
    cases, settings = here.cases, here.settings
    charging = Charging(cases=cases, payments=payments, count=here.metrics.attempt)
    return {
        ActionKind.TAKE_OVER: TakeOverRetries(cases=cases, payments=payments),
        ActionKind.ATTEMPT: RunAttempt(cases=cases, payments=payments, charging=charging),
        ActionKind.RECONCILE: ReconcileAttempt(cases=cases, payments=payments, charging=charging),
        ActionKind.RESUME: ResumeCase(cases=cases),
        ActionKind.CLOSE: CloseCase(cases=cases, payments=payments),
        ActionKind.END: EndCase(cases=cases, payments=payments),
        ActionKind.REMINDER: SendReminder(
            cases=cases,
            payments=payments,
            registry=here.registry,
            mailer=ways.mailer,
            renderer=JinjaLetters(),
            new_token=new_token,
            links=links_of(here),
            mail_domain=mail_domain(settings),
            texting=ways.texting,
            gate=ways.gate,
        ),
    }


def work(settings: Settings) -> int:
    """Until SIGTERM or SIGINT: begun work ends, the rest goes back."""
    configure_logs("worker", settings.log_level, settings.secrets())
    leaving = Leaving()
    report_errors_to(settings, "worker")
    if not asyncio.run(leaving.unless_asked(_ready(settings))):
        return 0
    worker = Worker(settings)
    broker = redis_broker(
        settings.redis_url, startup=worker.open, shutdown=worker.close, draining=worker.draining
    )
    declare_actors(
        broker,
        handle_events=worker.handle_events,
        run_actions=worker.run_actions,
        run_chores=worker.run_chores,
    )
    stop = _started(broker)
    _log.info("worker_started")
    leaving.wait()
    stop()
    return 0


def _started(broker: Broker) -> Callable[[], None]:
    try:
        return run_worker(broker, THREADS)
    except StartFailed as failed:
        _log.exception("worker_not_started")
        raise CannotStart(f"{failed}: {failed.__cause__}") from failed


async def _ready(settings: Settings) -> bool:
    """Tables and login are as they should be; waited for."""
    async with ground(settings, app_connections=1) as here:
        await until_there(here.registry.accounts)
    return True
