"""The worker process: Dramatiq hands it references, it does what the rows behind them ask for."""

import signal
import threading
from contextlib import AsyncExitStack
from datetime import timedelta

from adapters.email.mailer import SmtpMailer
from adapters.email.render import JinjaReminders
from adapters.jobs.actors import declare_actors
from adapters.jobs.batch import BatchWork
from adapters.jobs.broker import Draining, redis_broker
from adapters.jobs.worker import run_worker
from adapters.postgres.action_queue import PostgresActionQueue
from adapters.postgres.inbox import PostgresInbox
from adapters.stripe.events import StripeEventReader
from application.charging import Charging
from application.ports.payments import Payments
from application.ports.stores import ActionRef, EventRef
from application.use_cases.close_case import CloseCase
from application.use_cases.process_event import ProcessEvent
from application.use_cases.reconcile_attempt import ReconcileAttempt
from application.use_cases.run_attempt import RunAttempt
from application.use_cases.send_reminder import SendReminder
from application.use_cases.take_over_retries import TakeOverRetries
from application.work import CarryOut, Errand, Failures
from domain.recovery.actions import ActionKind
from wiring.composition import Ground, ground, mail_domain, new_token, own_account, payments_of
from wiring.logs import configure_logs
from wiring.settings import Settings

CONCURRENCY = 8  # references of one batch at a time
THREADS = 4  # batches at a time
CONNECTIONS = 12


class Worker:
    """What the jobs need, opened and closed on the event loop that runs them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open = AsyncExitStack()
        self._events: BatchWork[EventRef] | None = None
        self._actions: BatchWork[ActionRef] | None = None
        self.draining = Draining()

    async def open(self) -> None:
        """Raises what stands in the way; nothing stays open then."""
        async with AsyncExitStack() as opening:
            here = await opening.enter_async_context(
                ground(self._settings, app_connections=CONNECTIONS)
            )
            payments, connection = payments_of(here, await own_account(here))
            opening.push_async_callback(connection.close)
            await connection.open()
            self._build(here, payments)
            self._open = opening.pop_all()
        if self._settings.metrics_port:
            here.metrics.serve(self._settings.metrics_port, self._settings.host)

    async def close(self) -> None:
        await self._open.aclose()

    async def handle_events(self, refs: tuple[EventRef, ...]) -> None:
        assert self._events is not None
        await self._events(refs)

    async def run_actions(self, refs: tuple[ActionRef, ...]) -> None:
        assert self._actions is not None
        await self._actions(refs)

    def _build(self, here: Ground, payments: Payments) -> None:
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
            do=CarryOut(actions=queue, by_kind=_by_kind(here, payments)),
            failed=failures.of_action,
            renew=queue.renew,
            name=lambda ref: str(ref.action_id),
            concurrency=CONCURRENCY,
            lease=lease,
            draining=self.draining,
        )


def _by_kind(here: Ground, payments: Payments) -> dict[ActionKind, Errand]:
    cases, settings = here.cases, here.settings
    charging = Charging(cases=cases, payments=payments, count=here.metrics.attempt)
    return {
        ActionKind.TAKE_OVER: TakeOverRetries(cases=cases, payments=payments),
        ActionKind.ATTEMPT: RunAttempt(cases=cases, payments=payments, charging=charging),
        ActionKind.RECONCILE: ReconcileAttempt(cases=cases, payments=payments, charging=charging),
        ActionKind.CLOSE: CloseCase(cases=cases, payments=payments),
        ActionKind.REMINDER: SendReminder(
            cases=cases,
            payments=payments,
            registry=here.registry,
            mailer=SmtpMailer(settings.smtp_url, settings.mail_from, here.clock),
            renderer=JinjaReminders(),
            new_token=new_token,
            base_url=settings.base_url,
            mail_domain=mail_domain(settings),
        ),
    }


def work(settings: Settings) -> int:
    """Until SIGTERM or SIGINT: begun work ends, the rest goes back."""
    configure_logs("worker", settings.log_level, settings.secrets())
    asked = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: asked.set())
    worker = Worker(settings)
    broker = redis_broker(
        settings.redis_url, startup=worker.open, shutdown=worker.close, draining=worker.draining
    )
    declare_actors(broker, handle_events=worker.handle_events, run_actions=worker.run_actions)
    stop = run_worker(broker, THREADS)
    asked.wait()
    stop()
    return 0
