"""The whole product beside a whole Stripe for some days, with every byte between them looked at."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rehearsal.clock import RehearsalClock
from rehearsal.embedded import EmbeddedRedis
from rehearsal.mailbox import MailboxOptions
from rehearsal.mailbox import serve as serve_mail
from rehearsal.stripe_double import DoubleOptions, StripeDouble
from rehearsal.stripe_double.objects import webhook_endpoint
from tests.e2e.checkpoint import Checkpoint
from tests.rehearsal.openapi import SPECS
from tests.running import free_port
from tests.wiring.processes import process, settings
from wiring.demo import REHEARSED_ACCOUNT, seed
from wiring.settings import load

SPEED = 24_000.0
SECONDS = 20.0  # five days
LATER = 200  # looks, half a second apart, for what a busy machine has not got to yet
SECRET = "whsec_a_secret_for_tests_0123456789"
OLD_VERSION = "2023-08-16"
BEGINS_AT = datetime(2026, 10, 30, 6, tzinfo=UTC)
# What must have been asked, told and answered for the days to mean something.
ASKED = {"Invoice.retrieve", "Invoice.pay", "Invoice.update", "PaymentIntent.retrieve"}
TOLD = {
    f"{kind} ({shape} shape)"
    for kind in ("invoice.payment_failed", "invoice.paid", "customer.subscription.updated")
    for shape in ("old", "new")
}
WANTED = TOLD | (ASKED if SPECS.exists() else set())


class Days:
    """A product and its Stripe, living."""

    def __init__(self, double: StripeDouble, checkpoint: Checkpoint) -> None:
        self.double, self.checkpoint = double, checkpoint


async def test_for_days_nothing_passes_that_the_specifications_do_not_describe(
    tmp_path: Path, database_url: str, redis_server: EmbeddedRedis
) -> None:
    async with living(tmp_path, database_url, redis_server.url()) as days:
        await asyncio.sleep(SECONDS)
        for _ in range(LATER):
            if days.checkpoint.seen.keys() >= WANTED:
                break
            await asyncio.sleep(0.5)
    passed = days.checkpoint.seen
    assert not days.checkpoint.problems, "\n".join(days.checkpoint.problems[:20])
    if SPECS.exists():  # a call has its name from there
        assert passed.keys() >= ASKED, passed
    assert passed.keys() >= TOLD, passed
    assert days.double.verdict()["ok"], days.double.verdict()
    assert any(line["money_moved"] for line in days.double.ledger())


@asynccontextmanager
async def living(folder: Path, database_url: str, redis_url: str) -> AsyncIterator[Days]:
    """All processes of the product, each event told by two endpoints in two shapes."""
    port, smtp, mailbox = free_port(), free_port(), free_port()
    checkpoint = Checkpoint(f"http://127.0.0.1:{port}")
    clock = RehearsalClock.starting(BEGINS_AT, (SPEED, None))
    hook = f"{await checkpoint.start()}/webhooks/stripe"
    double = StripeDouble(
        DoubleOptions(scene="demo", seed=11, clock=clock.spec(), webhook_secret=SECRET,
                      webhook_url=hook)
    )  # fmt: skip
    checkpoint.stripe = await double.start()
    old = webhook_endpoint(double.world, REHEARSED_ACCOUNT, hook, ["*"])
    double.world.store.insert({**old, "api_version": OLD_VERSION, "_secrets": [SECRET]})
    told = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "STRIPE_API_BASE": checkpoint.url,
        "STRIPE_WEBHOOK_SECRETS": SECRET,
        "STRIPE_CALLS_PER_S": "400",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "SMTP_URL": f"smtp://127.0.0.1:{smtp}",
        "CLOCK": clock.spec(),
        "DATA_DIR": str(folder),
    }
    mail: dict[str, Any] = {"http_port": mailbox, "smtp_port": smtp, "clock": clock.now}
    await seed(load({**_bare(), **settings(**told)}))
    people = asyncio.create_task(
        serve_mail(MailboxOptions(**mail, data_file=folder / "mail", double_url=checkpoint.stripe))
    )
    try:
        async with AsyncExitStack() as started:
            for name in ("web", "worker", "dispatcher"):
                started.enter_context(process(name, folder / f"{name}.log", **told))
            yield Days(double, checkpoint)
    finally:
        people.cancel()
        await asyncio.gather(people, return_exceptions=True)
        await double.stop()
        await checkpoint.stop()


def _bare() -> dict[str, str]:
    return {name: text for name, text in os.environ.items() if not name.startswith("CHARGECHASE_")}
