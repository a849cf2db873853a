"""A merchant agrees on Stripe's page, and takes it back there: Connect from both sides.

Real processes, real HTTP; the platform's one endpoint hears of every account that agreed.
"""

from pathlib import Path

from rehearsal.embedded import EmbeddedPostgres, EmbeddedRedis
from tests.conftest import copy_database
from tests.e2e.test_any_order import SECRET
from tests.e2e.test_connected_by_key import (
    PAGE,
    SHOP,
    Merchant,
    a_merchant,
    is_gone,
    phase_is,
    until,
)
from tests.stripe_shop import PAYS

CLIENT, PLATFORM_KEY = "ca_of_the_platform", "sk_test_rehearsal"


async def furnish(merchant: Merchant) -> None:
    """In Stripe's dashboard: the platform's way back, and its endpoint for accounts that agreed."""
    stripe, ours = merchant.shop.base, merchant.installation.url
    way_back = {"client_id": CLIENT, "redirect_uris": [f"{ours}{PAGE}/agreed"]}
    await merchant.browser.post(f"{stripe}/_double/oauth", json=way_back)
    wanted = {"url": f"{ours}/webhooks/stripe", "enabled_events[]": "*", "connect": "true"}
    made = await merchant.browser.post(
        f"{stripe}/v1/webhook_endpoints",
        data=wanted,
        headers={"Authorization": f"Bearer {PLATFORM_KEY}"},
    )
    assert made.status_code == 200, made.text
    store = merchant.shop.double.world.store
    store.get("webhook_endpoint", made.json()["id"])["_secrets"] = [SECRET]


def platform_of(merchant: Merchant) -> str:
    return str(merchant.shop.double.world.store.get("account", SHOP)["_platform"])


async def test_an_account_agrees_is_worked_for_and_takes_it_back_in_stripe_and_here(
    tmp_path: Path,
    postgres_server: EmbeddedPostgres,
    template_database: str,
    redis_server: EmbeddedRedis,
) -> None:
    await copy_database(postgres_server, template_database, "agreed")
    async with a_merchant(
        tmp_path / "agreed",
        postgres_server,
        redis_server.url(),
        STRIPE_CONNECT_CLIENT_ID=CLIENT,
    ) as merchant:
        await furnish(merchant)
        await merchant.agrees()
        assert platform_of(merchant) == "acct_rehearsal"
        assert "By your agreement in Stripe" in await merchant.sees()

        invoice = await merchant.a_renewal_fails()
        await until(lambda: phase_is(merchant, invoice, "waiting"), "no case was opened")
        await merchant.shop.new_card(await merchant.shop.customer_of(invoice), PAYS)
        await until(lambda: phase_is(merchant, invoice, "recovered"), "the new card was not used")
        assert merchant.shop.captures(invoice) == 1

        open_still = await merchant.a_renewal_fails()
        await until(lambda: phase_is(merchant, open_still, "waiting"), "no case was opened")
        revoke = f"{merchant.shop.base}/_double/revoke"
        assert (await merchant.browser.post(revoke, json={"account": SHOP})).status_code == 200
        await until(lambda: phase_is(merchant, open_still, "stopped"), "it was not stopped")
        assert await is_gone(merchant)
        assert f"{SHOP} was disconnected in Stripe" in await merchant.sees()
        due = await merchant.rows("select kind from scheduled_actions where account = $1", SHOP)
        assert due == [], "nothing is scheduled for it any more"
        ledger = merchant.shop.double.ledger()
        assert not [row for row in ledger if row["outcome"] == "account_revoked"]

        await merchant.agrees()
        assert "was disconnected in Stripe" not in await merchant.sees()
        await merchant.disconnects()
        await until(lambda: is_gone(merchant), "the account was not let go")
        assert platform_of(merchant) != "acct_rehearsal"
