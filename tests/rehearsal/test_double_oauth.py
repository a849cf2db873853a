"""The double's Connect: an account agrees on a page, the platform gets in, and out again."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import msgspec
import pytest

from tests.rehearsal.driving import Driver, Inbox, receiving, running, until

CLIENT, BACK = "ca_of_the_platform", "https://chase.example.com/settings/stripe/agreed"
SHOP = "acct_shop"


async def furnish(driver: Driver, **more: Any) -> None:
    """A platform and a shop that has agreed to nothing yet."""
    await driver.control(
        "POST", "oauth", {"client_id": CLIENT, "redirect_uris": [BACK, BACK + "?x=1"], **more}
    )
    await driver.control("POST", "accounts", {"id": SHOP, "name": "A <Shop>", "platform": ""})


def asking(**changes: str) -> str:
    """The address that a platform sends a merchant to."""
    asked = {
        "response_type": "code",
        "client_id": CLIENT,
        "scope": "read_write",
        "redirect_uri": BACK,
        "state": "s t&ate",
        **changes,
    }
    return "/oauth/authorize?" + urlencode({k: v for k, v in asked.items() if v})


async def agree(driver: Driver, decision: str = "connect", **changes: str) -> dict[str, str]:
    """Click; what comes back in the platform's address."""
    chosen = {"decision": decision, "account": changes.pop("account", SHOP)}
    async with (
        aiohttp.ClientSession() as browser,
        browser.post(driver.url + asking(**changes), data=chosen, allow_redirects=False) as answer,
    ):
        assert answer.status == 303, await answer.text()
        where = urlsplit(answer.headers["Location"])
        assert where._replace(query="").geturl() == BACK
        return {name: values[0] for name, values in parse_qs(where.query).items()}


async def ask(
    driver: Driver, path: str, key: str | None = "sk_test_rehearsal", **form: str
) -> tuple[int, Any]:
    """What an OAuth endpoint answers."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{driver.url}/oauth/{path}", data=form, headers=headers) as answer,
    ):
        return answer.status, await answer.json()


async def redeem(driver: Driver, code: str, **more: Any) -> tuple[int, Any]:
    return await ask(driver, "token", grant_type="authorization_code", code=code, **more)


async def reach(driver: Driver) -> int:
    """The status of a call for the shop."""
    headers = {"Authorization": "Bearer sk_test_rehearsal", "Stripe-Account": SHOP}
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{driver.url}/v1/account", headers=headers) as answer,
    ):
        return answer.status


async def test_who_agrees_is_reached_and_who_has_not_is_not() -> None:
    async with running() as driver:
        await furnish(driver)
        assert await reach(driver) == 403
        back = await agree(driver)
        assert (back["state"], back["scope"]) == ("s t&ate", "read_write")
        status, token = await redeem(driver, back["code"])
        assert status == 200
        assert (token["stripe_user_id"], token["livemode"]) == (SHOP, False)
        assert (token["token_type"], token["scope"]) == ("bearer", "read_write")
        assert {"access_token", "refresh_token", "stripe_publishable_key"} < set(token)
        assert await reach(driver) == 200


async def test_the_page_names_the_platform_and_lists_free_accounts_alone() -> None:
    async with running() as driver:
        await furnish(driver, name="Chase & Co")
        await driver.control("POST", "accounts", {"id": "acct_held", "platform": "acct_another"})
        status, page = await driver.page(driver.url + asking())
        assert status == 200
        assert "Chase &amp; Co wants access" in page
        assert "A &lt;Shop&gt;" in page
        assert "acct_held" not in page
        assert "acct_rehearsal" not in page


async def test_who_declines_goes_back_without_a_code() -> None:
    async with running() as driver:
        await furnish(driver)
        back = await agree(driver, "cancel")
        assert (back["error"], back["state"]) == ("access_denied", "s t&ate")
        assert "code" not in back


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "ca_of_nobody"}, "invalid_client"),
        ({"redirect_uri": "https://evil.example.com/"}, "invalid_redirect_uri"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
async def test_what_was_asked_wrongly_sends_nobody_anywhere(
    changes: dict[str, str], error: str
) -> None:
    async with running() as driver:
        await furnish(driver)
        status, page = await driver.page(driver.url + asking(**changes))
        assert (status in {400, 401}, msgspec.json.decode(page)["error"]) == (True, error)
        status, page = await driver.page(driver.url + asking(**changes), {"decision": "cancel"})
        assert (status in {400, 401}, msgspec.json.decode(page)["error"]) == (True, error)


async def test_nobody_agrees_for_an_account_that_was_not_offered() -> None:
    async with running() as driver:
        await furnish(driver)
        form = {"decision": "connect", "account": "acct_rehearsal"}
        status, page = await driver.page(driver.url + asking(), form)
        assert (status, msgspec.json.decode(page)["error"]) == (400, "invalid_request")


async def test_the_default_scope_is_to_read() -> None:
    async with running() as driver:
        await furnish(driver)
        assert (await agree(driver, scope=""))["scope"] == "read_only"


async def test_a_code_is_good_once_and_for_five_minutes() -> None:
    async with running() as driver:
        await furnish(driver)
        code = (await agree(driver))["code"]
        assert (await redeem(driver, code))[0] == 200
        assert (await redeem(driver, code))[1]["error"] == "invalid_grant"
        late = (await agree(driver))["code"]
        await driver.advance(seconds=301)
        status, said = await redeem(driver, late)
        assert (status, said["error"]) == (400, "invalid_grant")
        assert "expired" in said["error_description"]


async def test_a_code_is_of_no_use_to_others() -> None:
    async with running() as driver:
        await furnish(driver)
        await driver.control("POST", "accounts", {"id": "acct_rival", "platform": ""})
        rival = {"client_id": "ca_rival", "redirect_uris": [BACK], "account": "acct_rival"}
        await driver.control("POST", "oauth", rival)
        code = (await agree(driver))["code"]
        said = await redeem(driver, code, key="sk_test_acct_rival")
        assert (said[0], said[1]["error"]) == (400, "invalid_grant")
        said = await redeem(driver, code, key="sk_test_of_nobody")
        assert (said[0], said[1]["error"]) == (401, "invalid_client")
        assert (await redeem(driver, code))[0] == 200


async def test_the_token_takes_one_kind_of_grant_and_a_code_that_exists() -> None:
    async with running() as driver:
        await furnish(driver)
        said = await ask(driver, "token", grant_type="password", code="ac_1")
        assert (said[0], said[1]["error"]) == (400, "unsupported_grant_type")
        said = await redeem(driver, "ac_none")
        assert (said[0], said[1]["error"]) == (400, "invalid_grant")
        code = (await agree(driver))["code"]
        said = await redeem(driver, code, key=None, client_secret="sk_test_rehearsal")
        assert said[0] == 200


async def test_a_platform_of_the_other_mode_says_so() -> None:
    async with running() as driver:
        await furnish(driver, livemode=True)
        assert (await redeem(driver, (await agree(driver))["code"]))[1]["livemode"] is True


async def connected(driver: Driver, inbox: Inbox) -> None:
    """The shop has agreed, and events of connected accounts go to the inbox."""
    await furnish(driver)
    await driver.post(
        "/v1/webhook_endpoints", {"url": inbox.url, "enabled_events": ["*"], "connect": True}
    )
    await redeem(driver, (await agree(driver))["code"])


def came(inbox: Inbox) -> list[tuple[str, str, str]]:
    """What was told: type, account, and the application in the event."""
    told = [msgspec.json.decode(raw) for raw, _ in inbox.got]
    return [(each["type"], each["account"], each["data"]["object"].get("name")) for each in told]


async def test_connect_endpoints_hear_of_both_and_of_nothing_afterwards() -> None:
    async with receiving() as inbox, running() as driver:
        await connected(driver, inbox)
        await until(lambda: len(inbox.got) == 1)
        assert came(inbox) == [("account.application.authorized", SHOP, "ChargeChase")]
        await driver.control("POST", "revoke", {"account": SHOP})
        await until(lambda: len(inbox.got) == 2)
        assert came(inbox)[1] == ("account.application.deauthorized", SHOP, "ChargeChase")
        assert await reach(driver) == 403
        headers = {"Authorization": f"Bearer sk_test_{SHOP}"}
        await driver.post("/v1/customers", {"name": "Ada"}, **headers)
        await driver.post("/v1/customers", {"name": "Bob"})
        store = driver.double.world.store
        assert {each["type"] for each in store.all("delivery")} == {
            name for name, _, _ in came(inbox)
        }


async def test_the_accounts_own_endpoints_do_not_hear_of_it() -> None:
    async with receiving() as inbox, receiving() as own, running() as driver:
        await connected(driver, inbox)
        headers = {"Authorization": f"Bearer sk_test_{SHOP}"}
        asked = {"url": own.url, "enabled_events": ["*"]}
        await driver.post("/v1/webhook_endpoints", asked, **headers)
        await driver.control("POST", "revoke", {"account": SHOP})
        await driver.post("/v1/customers", {"name": "Ada"}, **headers)
        await until(lambda: own.got and len(inbox.got) == 2)
        assert [msgspec.json.decode(raw)["type"] for raw, _ in own.got] == ["customer.created"]


async def test_the_platform_parts_by_itself_and_only_from_whom_it_has() -> None:
    async with receiving() as inbox, running() as driver:
        await connected(driver, inbox)
        mine = {"client_id": CLIENT, "stripe_user_id": SHOP}
        said = await ask(driver, "deauthorize", **{**mine, "client_id": "ca_of_nobody"})
        assert (said[0], said[1]["error"]) == (401, "invalid_client")
        assert await ask(driver, "deauthorize", **mine) == (200, {"stripe_user_id": SHOP})
        assert await reach(driver) == 403
        said = await ask(driver, "deauthorize", **mine)
        assert (said[0], said[1]["error"]) == (401, "invalid_client")
        await until(lambda: len(inbox.got) == 2)


async def test_who_left_is_charged_no_more_and_a_try_is_written_down() -> None:
    async with receiving() as inbox, running() as driver:
        await connected(driver, inbox)
        headers = {"Authorization": f"Bearer sk_test_{SHOP}"}
        buyer = await driver.post("/v1/customers", {"name": "Ada"}, **headers)
        item = {"customer": buyer["id"], "amount": 900, "currency": "usd"}
        await driver.send("POST", "/v1/invoiceitems", item, **headers)
        made = await driver.post("/v1/invoices", {"customer": buyer["id"]}, **headers)
        await driver.post(f"/v1/invoices/{made['id']}/finalize", **headers)
        await driver.control("POST", "revoke", {"account": SHOP})
        pay = f"/v1/invoices/{made['id']}/pay"
        status, said, _ = await driver.send("POST", pay, Stripe_Account=SHOP)
        assert (status, said["error"]["code"]) == (403, "account_invalid")
        assert [line["outcome"] for line in driver.double.ledger()] == ["account_revoked"]


async def test_agreeing_again_is_told_once_and_codes_survive_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "double.sqlite")
    async with receiving() as inbox:
        async with running(data_file=path) as driver:
            await connected(driver, inbox)
            used = (await agree(driver))["code"]
            assert (await redeem(driver, used))[0] == 200
            fresh = (await agree(driver))["code"]
            await until(lambda: len(inbox.got) == 1)
        async with running(data_file=path, clock=None) as driver:
            assert await reach(driver) == 200
            assert (await redeem(driver, used))[0] == 400
            assert (await redeem(driver, fresh))[0] == 200
            await driver.control("POST", "revoke", {"account": SHOP})
            assert await reach(driver) == 403
            await until(lambda: len(inbox.got) == 2)
        async with running(data_file=path, clock=None) as driver:
            assert await reach(driver) == 403


async def test_a_platform_may_be_kept_from_subscriptions_that_it_did_not_create() -> None:
    async with receiving() as inbox, running() as driver:
        await connected(driver, inbox)
        await driver.control("POST", "accounts", {"id": SHOP, "foreign_subscriptions": False})
        none = "/v1/subscriptions/sub_none"
        assert (await driver.send("POST", none, Stripe_Account=SHOP))[0] == 404
        own = {"Authorization": f"Bearer sk_test_{SHOP}"}
        buyer = await driver.post("/v1/customers", {"name": "Ada"}, **own)
        price = {"currency": "usd", "unit_amount": 900, "recurring": {"interval": "month"}}
        made = await driver.post("/v1/prices", {**price, "product_data": {"name": "T"}}, **own)
        card = await driver.post(
            "/v1/payment_methods/pm_card_visa/attach", {"customer": buyer["id"]}, **own
        )
        wish = {
            "customer": buyer["id"],
            "default_payment_method": card["id"],
            "items": [{"price": made["id"]}],
        }
        sold = await driver.post("/v1/subscriptions", wish, **own)
        path = f"/v1/subscriptions/{sold['id']}"
        for method in ("POST", "DELETE"):
            status, said, _ = await driver.send(method, path, Stripe_Account=SHOP)
            assert (status, "not created by your" in said["error"]["message"]) == (403, True)
        assert (await driver.send("GET", path, Stripe_Account=SHOP))[0] == 200
        assert (await driver.send("DELETE", path, **own))[0] == 200


async def test_the_control_calls_say_what_is_not_there() -> None:
    async with running() as driver:
        nobody = {"client_id": CLIENT, "redirect_uris": [], "account": "acct_none"}
        for name, body in (("oauth", nobody), ("revoke", {"account": "acct_rehearsal"})):
            async with (
                aiohttp.ClientSession() as http,
                http.post(f"{driver.url}/_double/{name}", json=body) as answer,
            ):
                assert answer.status == 404
