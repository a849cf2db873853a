"""One history, delivered in order to one installation, shuffled and doubled to another: both end
with the same cases. Real processes, real HTTP, the same Stripe behind both."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec

from rehearsal.embedded import EmbeddedPostgres, EmbeddedRedis, start_redis
from rehearsal.stripe_double.events import body
from rehearsal.stripe_double.webhooks import signature
from tests.conftest import copy_database
from tests.running import free_port
from tests.stripe_shop import LACKS_FUNDS, PAYS, Shop, a_shop
from tests.wiring.processes import bare_environ, process, settings
from wiring.demo import seed
from wiring.settings import load

SECRET = "whsec_a_secret_for_tests_0123456789"
OLD_VERSION = "2023-08-16"
HANDLED_WITHIN_S = 40.0
READY_WITHIN_S = 40.0
STANDING = """
    select c.invoice_id, c.phase, c.amount_minor, c.paid_minor, c.recovered_minor,
        c.returned_minor, c.ask, c.family, c.card->>'last4' as card,
        array(select e.body->>'by' from case_events e
              where e.case_id = c.case_id and e.type = 'case_recovered') as paid_by,
        array(select e.body->'failure'->>'charge_id' from case_events e
              where e.case_id = c.case_id and e.body ? 'failure' order by 1) as refused
    from recovery_cases c order by c.invoice_id
"""


class Installation:
    """A running product, and its database."""

    def __init__(self, url: str, database_url: str) -> None:
        self.url, self.database_url = url, database_url

    async def is_told(self, events: Sequence[bytes]) -> None:
        """Deliver these, and return when each has been handled."""
        async with httpx.AsyncClient() as stripe:
            for raw in events:
                sign = {"Stripe-Signature": signature(raw, [SECRET], int(time.time()))}
                answer = await stripe.post(f"{self.url}/webhooks/stripe", content=raw, headers=sign)
                assert answer.status_code == 200, answer.text
        deadline = time.monotonic() + HANDLED_WITHIN_S
        while waiting := await self._ask("select * from inbox_events where handled_at is null"):
            assert time.monotonic() < deadline, waiting
            await asyncio.sleep(0.2)

    async def is_ready(self) -> None:
        """Return when it takes events."""
        deadline = time.monotonic() + READY_WITHIN_S
        async with httpx.AsyncClient() as anybody:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.TransportError):
                    if (await anybody.get(f"{self.url}/health/live")).status_code == 200:
                        return
                await asyncio.sleep(0.2)
        raise AssertionError("it does not start")

    async def cases(self) -> list[dict[str, Any]]:
        """How all cases stand, without instants."""
        return [dict(row) for row in await self._ask(STANDING)]

    async def _ask(self, question: str) -> list[Any]:
        connection = await asyncpg.connect(self.database_url)
        try:
            return list(await connection.fetch(question))
        finally:
            await connection.close()


@asynccontextmanager
async def installed(
    folder: Path, shop: Shop, server: EmbeddedPostgres, redis_url: str, **more: str
) -> AsyncIterator[Installation]:
    """Web, worker and dispatcher on a database of their own; `more` settings as they are named."""
    await asyncio.to_thread(folder.mkdir)
    port, as_superuser = free_port(), server.url(folder.name, "postgres")
    told: dict[str, str] = {
        "DATABASE_URL": server.url(folder.name),
        "REDIS_URL": redis_url,
        "STRIPE_API_BASE": shop.base,
        "STRIPE_WEBHOOK_SECRETS": SECRET,
        "STRIPE_CALLS_PER_S": "400",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "DATA_DIR": str(folder),
        **more,
    }
    await seed(load({**bare_environ(), **settings(**told)}))
    async with AsyncExitStack() as started:
        for name in ("web", "worker", "dispatcher"):
            started.enter_context(process(name, folder / f"{name}.log", **told))
        installation = Installation(told["BASE_URL"], as_superuser)
        await installation.is_ready()
        yield installation


async def test_shuffled_and_doubled_over_http_a_history_ends_in_the_same_cases(
    tmp_path: Path,
    postgres_server: EmbeddedPostgres,
    template_database: str,
    redis_server: EmbeddedRedis,
) -> None:
    for name in ("in_order", "shuffled"):
        await copy_database(postgres_server, template_database, name)
    other_redis = start_redis(tmp_path / "redis")
    try:
        async with (
            a_shop() as shop,
            installed(tmp_path / "in_order", shop, postgres_server, redis_server.url()) as one,
            installed(tmp_path / "shuffled", shop, postgres_server, other_redis.url()) as other,
        ):
            invoices = [await shop.invoice(LACKS_FUNDS) for _ in range(3)]
            for invoice in invoices:
                await shop.payments.pay_invoice("", invoice, idempotency_key=f"first {invoice}")
            for each in (one, other):
                await each.is_told(told_by(shop, 0))
            known = len(told_by(shop, 0))
            await what_follows(shop, *invoices)
            history = told_by(shop, known)
            again = random.Random(5).choices(history, k=len(history) // 2)
            shuffled = [*history, *again]
            random.Random(7).shuffle(shuffled)
            await one.is_told(history)
            await other.is_told(shuffled)
            expected = await one.cases()
            assert await other.cases() == expected
            assert {case["phase"] for case in expected} == {"recovered", "stopped", "waiting"}
    finally:
        other_redis.stop()


async def what_follows(shop: Shop, paid: str, void: str, refused: str) -> None:
    """One is paid with a new card, one is voided, one is refused again."""
    card = await shop.new_card(await shop.customer_of(paid), PAYS)
    await shop.payments.pay_invoice("", paid, idempotency_key="by hand", payment_method=card)
    await shop.void(void)
    await shop.payments.pay_invoice("", refused, idempotency_key="again")


def told_by(shop: Shop, after: int) -> list[bytes]:
    """What Stripe has to tell since so many events, every other one in the old shape."""
    events = shop.double.world.store.all("event")
    versions = (None, OLD_VERSION)
    return [
        msgspec.json.encode(body(event, versions[place % 2])) for place, event in enumerate(events)
    ][after:]
