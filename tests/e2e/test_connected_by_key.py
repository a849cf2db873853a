"""A merchant pastes a key: from then on their account is watched, charged, and at last let go.

Real processes, real HTTP, Stripe delivering to the endpoint that was made with the key.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from rehearsal.embedded import EmbeddedPostgres, EmbeddedRedis
from tests.adapters.test_stripe_accounts import RAKS
from tests.conftest import copy_database
from tests.e2e.checkpoint import Checkpoint
from tests.e2e.test_any_order import Installation, installed
from tests.stripe_shop import LACKS_FUNDS, PAYS, Shop, a_shop, access_to
from wiring.demo import EMAIL
from wiring.run_folder import RunFolder

SHOP, KEY, NEXT_KEY = "acct_shop", "rk_test_of_the_shop_0001", "rk_test_of_the_shop_0002"
WITHIN_S = 60.0  # a machine that is busy takes its time
PAGE = "/settings/stripe"


class Merchant:
    """Somebody with a Stripe account of their own, at the page about it."""

    def __init__(self, installation: Installation, browser: httpx.AsyncClient, shop: Shop) -> None:
        self.installation, self.browser, self.shop = installation, browser, shop

    async def signs_in(self, password: str) -> None:
        await self._sends("/sign-in", "/sign-in", email=EMAIL, password=password)

    async def pastes(self, key: str) -> None:
        await self._sends(PAGE, f"{PAGE}/connect", key=key)

    async def agrees(self) -> None:
        """Off to Stripe, a click there, and back."""
        asked = await self._submits(PAGE, f"{PAGE}/agree")
        chosen = {"decision": "connect", "account": SHOP}
        there = await self.browser.post(asked.headers["location"], data=chosen)
        back = await self.browser.get(there.headers["location"])
        assert (back.status_code, back.headers["location"]) == (303, PAGE)

    async def disconnects(self) -> None:
        await self._sends(PAGE, f"{PAGE}/disconnect", account=SHOP, typed=SHOP)

    async def sees(self, path: str = PAGE) -> str:
        answer = await self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def a_renewal_fails(self) -> str:
        """An open invoice whose card was declined; Stripe would try it again."""
        invoice = await self.shop.invoice(LACKS_FUNDS)
        on = f"on {invoice}"
        await self.shop.payments.resume_stripe_retries(SHOP, invoice, idempotency_key=on)
        await self.shop.payments.pay_invoice(SHOP, invoice, idempotency_key=f"first {invoice}")
        return invoice

    async def gives(self, key: str, *permissions: str) -> None:
        """In Stripe's dashboard: what the key may do; nothing takes it back."""
        allowed = list(permissions) or None
        body = {"account": SHOP, "key": key, "permissions": allowed}
        answer = await self.browser.post(f"{self.shop.base}/_double/keys", json=body)
        assert answer.status_code == 200, answer.text

    async def rows(self, question: str, *given: Any) -> list[Any]:
        connection = await asyncpg.connect(self.installation.database_url)
        try:
            return list(await connection.fetch(question, *given))
        finally:
            await connection.close()

    async def phase(self, invoice: str) -> str | None:
        found = await self.rows("select phase from recovery_cases where invoice_id = $1", invoice)
        return found[0]["phase"] if found else None

    async def _sends(self, page: str, where: str, **form: str) -> None:
        assert "refused" not in (await self._submits(page, where, **form)).headers["location"]

    async def _submits(self, page: str, where: str, **form: str) -> httpx.Response:
        token = re.search(r'name="form_token" value="([^"]+)"', await self.sees(page))
        assert token is not None
        answer = await self.browser.post(where, data={**form, "form_token": token[1]})
        assert answer.status_code == 303, answer.text
        return answer


async def until(holds: Callable[[], Awaitable[bool]], why: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not await holds():
        assert time.monotonic() < deadline, why
        await asyncio.sleep(0.2)


@asynccontextmanager
async def checked(platform: Shop) -> AsyncIterator[str]:
    """Where the product finds its Stripe: whatever it asks and is answered is held to the specs."""
    checkpoint = Checkpoint("")
    checkpoint.stripe = platform.base
    try:
        yield await checkpoint.start()
        assert not checkpoint.problems, "\n".join(checkpoint.problems[:20])
    finally:
        await checkpoint.stop()


@asynccontextmanager
async def a_merchant(
    folder: Path, server: EmbeddedPostgres, redis_url: str, **more: str
) -> AsyncIterator[Merchant]:
    """Signed in, with nothing connected yet."""
    async with a_shop() as platform:
        access = access_to(platform.base, api_key=f"sk_test_{SHOP}", own_account=SHOP)
        shop = Shop(platform.double, access)
        async with (
            checked(platform) as stripe,
            installed(
                folder, platform, server, redis_url, STRIPE_API_BASE=stripe, **more
            ) as installation,
            httpx.AsyncClient(base_url=installation.url) as browser,
        ):
            made = {"id": SHOP, "platform": "", "retries": False}
            await browser.post(f"{platform.base}/_double/accounts", json=made)
            merchant = Merchant(installation, browser, shop)
            await merchant.signs_in(RunFolder(folder).secrets().demo_password)
            try:
                yield merchant
            finally:
                await shop.hang_up()


def endpoints(merchant: Merchant) -> list[str]:
    """Ours, in the merchant's account."""
    made = merchant.shop.double.world.store.all("webhook_endpoint")
    return [each["url"] for each in made if each["_account"] == SHOP]


async def test_an_account_is_connected_by_its_key_worked_for_locked_out_and_left(
    tmp_path: Path,
    postgres_server: EmbeddedPostgres,
    template_database: str,
    redis_server: EmbeddedRedis,
) -> None:
    await copy_database(postgres_server, template_database, "by_key")
    async with a_merchant(tmp_path / "by_key", postgres_server, redis_server.url()) as merchant:
        await merchant.gives(KEY, *RAKS.values())
        await merchant.pastes(KEY)
        (address,) = endpoints(merchant)
        assert address.startswith(f"{merchant.installation.url}/webhooks/stripe/")
        assert KEY not in await merchant.sees()

        invoice = await merchant.a_renewal_fails()
        await until(lambda: phase_is(merchant, invoice, "waiting"), "no case was opened")
        await merchant.shop.new_card(await merchant.shop.customer_of(invoice), PAYS)
        await until(lambda: phase_is(merchant, invoice, "recovered"), "the new card was not used")
        assert merchant.shop.captures(invoice) == 1
        charged = [row for row in merchant.shop.double.ledger() if row["money_moved"]]
        assert [row["account"] for row in charged] == [SHOP]

        await merchant.gives(KEY)
        waiting = await merchant.a_renewal_fails()
        await until(lambda: is_locked_out(merchant), "nobody noticed that the key is gone")
        assert "Stripe does not let us in" in await merchant.sees("/cases")
        assert await merchant.phase(waiting) is None

        await merchant.gives(NEXT_KEY, *RAKS.values())
        await merchant.pastes(NEXT_KEY)
        await until(lambda: phase_is(merchant, waiting, "waiting"), "its work did not go on")
        assert "Stripe does not let us in" not in await merchant.sees("/cases")
        assert len(endpoints(merchant)) == 1

        await merchant.disconnects()
        await until(lambda: is_gone(merchant), "the account was not let go")
        assert endpoints(merchant) == []
        assert await merchant.phase(waiting) == "stopped"
        assert merchant.shop.double.world.store.get("invoice", waiting)["auto_advance"] is True
        logs = "".join(each.read_text() for each in (tmp_path / "by_key").glob("*.log"))
        assert not [key for key in (KEY, NEXT_KEY) if key in logs]


async def phase_is(merchant: Merchant, invoice: str, phase: str) -> bool:
    return await merchant.phase(invoice) == phase


async def is_locked_out(merchant: Merchant) -> bool:
    rows = await merchant.rows("select refused_at from stripe_accounts where account = $1", SHOP)
    return rows[0]["refused_at"] is not None


async def is_gone(merchant: Merchant) -> bool:
    return not await merchant.rows("select from stripe_accounts where account = $1", SHOP)
