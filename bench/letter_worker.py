"""A worker that does nothing but letters: `letter_worker URL SMTP BEGAN SPEED`, until none is left.

A program of its own, so that it can be killed. Claims, leases, the use-case, Postgres and SMTP are
those that ship; what Stripe would show of an invoice is made up here.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from adapters.email.connections import Bounds
from adapters.email.mailer import SmtpMailer
from adapters.email.render import JinjaLetters
from adapters.jobs.batch import BatchWork
from adapters.postgres.action_queue import PostgresActionQueue
from adapters.postgres.pools import Pools, open_pools
from adapters.postgres.registry import PostgresRegistry
from adapters.postgres.unit_of_work import units_of_work
from adapters.secrets.box import SecretBox
from application.breaker import Breaker, Patience
from application.change_case import Cases
from application.customer_links import CustomerLinks
from application.mail_gate import MailGate
from application.ports.mail_limits import MailLimits
from application.ports.stores import ActionRef
from application.use_cases.send_reminder import SendReminder
from application.work import CarryOut, describe, tries_for
from domain.invoice import Customer, Invoice, InvoiceStatus
from domain.recovery.actions import ActionKind

LEASE = timedelta(seconds=2)
BATCH = 64
CONCURRENCY = 8
SENDER = "ChargeChase <mail@chargechase.example>"
LIMITS = MailLimits(per_minute=1_000_000, per_day=100_000_000)
PATIENCE = Patience(failures=10, pause_s=0.2, longest_pause_s=1.0)


class Till:
    """The part of Payments that a letter asks: the invoice is open, and whose it is."""

    async def read_invoice(self, _account: str, invoice_id: str) -> Invoice:
        person = invoice_id.removeprefix("in_")
        return Invoice(
            invoice_id=invoice_id,
            status=InvoiceStatus.OPEN,
            amount_remaining_minor=29_00,
            amount_paid_minor=0,
            currency="eur",
            number=f"L-{person}",
            customer=Customer(
                customer_id=f"cus_{person}", email=f"c{person}@example.com", name="Anna Lindner"
            ),
        )


async def work(database_url: str, smtp_url: str, clock: Callable[[], datetime]) -> None:
    """Until no letter is planned any more."""
    mailer = SmtpMailer(
        smtp_url, SENDER, clock, bounds=Bounds(timeout_s=5, verdict_s=5), breaker=Breaker(PATIENCE)
    )
    async with open_pools(database_url, app_size=CONCURRENCY + 2) as pools:
        queue, batch = PostgresActionQueue(pools.system), _batch(pools, mailer, clock)
        while await _any_left(pools):
            due = await queue.claim(clock(), BATCH, LEASE)
            if due:
                await batch(tuple(each.ref for each in due))
            else:
                await asyncio.sleep(0.1)
    await mailer.close()


def _batch(pools: Pools, mailer: SmtpMailer, clock: Callable[[], datetime]) -> BatchWork[ActionRef]:
    queue = PostgresActionQueue(pools.system)
    cases = Cases(open_uow=units_of_work(pools.app, SecretBox(())), clock=clock)
    send = SendReminder(
        cases=cases,
        payments=Till(),
        registry=PostgresRegistry(pools.system, clock),
        mailer=mailer,
        renderer=JinjaLetters(),
        new_token=lambda: uuid4().hex * 2,
        links=CustomerLinks("https://pay.chargechase.example"),
        mail_domain="chargechase.example",
        gate=MailGate(limits=LIMITS),
    )

    async def failed(ref: ActionRef, error: Exception) -> None:
        await queue.failed(ref, describe(error), tries_for(error))

    return BatchWork(
        do=CarryOut(actions=queue, by_kind={ActionKind.REMINDER: send}, clock=clock),
        failed=failed,
        renew=queue.renew,
        name=lambda ref: str(ref.action_id),
        concurrency=CONCURRENCY,
        lease=LEASE,
    )


async def _any_left(pools: Pools) -> bool:
    async with pools.system.acquire() as connection:
        return bool(
            await connection.fetchval(
                "select exists (select from scheduled_actions where kind = 'reminder'"
                " and dead_at is null)"
            )
        )


def clock_from(began: float, start: datetime, speed: float) -> Callable[[], datetime]:
    """The same in every life of the worker: `speed` seconds a second since `began`."""
    return lambda: start + timedelta(seconds=(time.time() - began) * speed)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    url, smtp, at, first, pace = sys.argv[1:]
    asyncio.run(work(url, smtp, clock_from(float(at), datetime.fromisoformat(first), float(pace))))
