"""What a worker needs for chores, and how many it does at once."""

import time
from datetime import timedelta
from typing import Final

from msgspec import Struct

from adapters.email.render import JinjaLetters
from adapters.email.team import JinjaNews
from adapters.jobs.batch import BatchWork
from adapters.jobs.broker import Draining
from adapters.postgres.chores import PostgresChoreQueue
from adapters.postgres.hand_off import PostgresSlackDoors, PostgresTeams
from adapters.postgres.intake import PostgresIntake
from adapters.postgres.task_pages import PostgresHandOffPages
from adapters.slack.webhook import SlackWebhook
from adapters.stripe.payments import StripePayments
from adapters.stripe.records import LISTED_TYPES, StripeListings
from adapters.stripe.renewals import StripeRenewals
from application.mail_gate import MailGate
from application.ports.chores import ChoreKind, ChoreRef
from application.ports.mailer import Mailer
from application.use_cases.import_history import ImportHistory
from application.use_cases.leave_stripe import LeaveStripe
from application.use_cases.reconcile_events import ReconcileEvents
from application.use_cases.run_chore import Errand, RunChore
from application.use_cases.send_fresh_links import SendFreshLinks
from application.use_cases.sweep_invoices import SweepInvoices
from application.use_cases.take_up_open_invoices import TakeUpOpenInvoices
from application.use_cases.tell_team import TellTeam
from application.use_cases.warn_of_expiry import WarnOfExpiry
from web.wording.tasks import news_teller
from wiring.composition import Ground, box_of, links_of, mail_domain, new_token
from wiring.stripe_desk import StripeDesk

AT_ONCE: Final = 1  # of a worker's four threads: the others stay free for charges
ASKED_AGAIN_AFTER: Final = timedelta(seconds=2)


class Tools(Struct, frozen=True, kw_only=True):
    """Ways to Stripe, and where made-up events go."""

    records: StripeListings
    renewals: StripeRenewals
    payments: StripePayments
    mailer: Mailer
    gate: MailGate
    intake: PostgresIntake
    desk: StripeDesk


class Chores:
    """Does chores for one worker process, `AT_ONCE` at a time; what comes on top waits."""

    def __init__(self, here: Ground, tools: Tools, draining: Draining) -> None:
        self._queue = PostgresChoreQueue(here.pools.system)
        self._running = 0
        run = RunChore(
            chores=self._queue,
            by_kind=_by_kind(here, tools),
            seconds=time.monotonic,
            draining=draining,
        )
        self._work: BatchWork[ChoreRef] = BatchWork(
            do=run,
            failed=run.failed,
            renew=self._queue.renew,
            name=lambda ref: f"{ref.account}/{ref.kind}",
            concurrency=1,
            lease=timedelta(seconds=here.settings.lease_s),
            draining=draining,
        )

    async def __call__(self, refs: tuple[ChoreRef, ...]) -> None:
        if self._running >= AT_ONCE:
            await self._queue.renew(refs, ASKED_AGAIN_AFTER)
            return
        self._running += 1
        try:
            await self._work(refs)
        finally:
            self._running -= 1


def _by_kind(here: Ground, tools: Tools) -> dict[ChoreKind, Errand]:
    cases, records, payments = here.cases, tools.records, tools.payments
    return {
        ChoreKind.RECONCILE: ReconcileEvents(
            records=records,
            intake=tools.intake,
            open_uow=here.open_uow,
            clock=here.clock,
            types=LISTED_TYPES,
            made_up=here.metrics.made_up,
        ),
        ChoreKind.SWEEP: SweepInvoices(
            records=records, payments=payments, cases=cases, found=here.metrics.swept
        ),
        ChoreKind.IMPORT: ImportHistory(records=records, open_uow=here.open_uow, clock=here.clock),
        ChoreKind.TAKE_UP: TakeUpOpenInvoices(payments=payments, cases=cases),
        ChoreKind.PREFLIGHT: tools.desk.check_permissions,
        ChoreKind.EXPIRY: WarnOfExpiry(
            renewals=tools.renewals,
            open_uow=here.open_uow,
            registry=here.registry,
            mailer=tools.mailer,
            renderer=JinjaLetters(),
            new_token=new_token,
            clock=here.clock,
            links=links_of(here),
            mail_domain=mail_domain(here.settings),
            gate=tools.gate,
        ),
        ChoreKind.FRESH_LINKS: SendFreshLinks(
            payments=payments,
            registry=here.registry,
            mailer=tools.mailer,
            renderer=JinjaLetters(),
            new_token=new_token,
            open_uow=here.open_uow,
            clock=here.clock,
            links=links_of(here),
            mail_domain=mail_domain(here.settings),
        ),
        ChoreKind.TELL: TellTeam(
            open_uow=here.open_uow,
            pages=PostgresHandOffPages(here.pools.app),
            teams=PostgresTeams(here.pools.system),
            doors=PostgresSlackDoors(here.pools.system, box_of(here.settings)),
            slack=SlackWebhook(here.settings.slack_base),
            mailer=tools.mailer,
            renderer=JinjaNews(),
            word=news_teller(here.settings.base_url, here.clock),
            clock=here.clock,
            mail_domain=mail_domain(here.settings),
        ),
        ChoreKind.LEAVE: LeaveStripe(payments=payments, cases=cases, let_go=tools.desk.let_go),
    }
