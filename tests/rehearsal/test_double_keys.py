"""Restricted keys of the double: what a key may not do is refused before anything happens."""

from typing import Any

import aiohttp
import pytest

from tests.rehearsal.driving import running

KEY = "rk_test_of_the_merchant_0001"


async def ask(url: str, method: str, path: str, key: str = KEY, **form: Any) -> tuple[int, Any]:
    """The status and the body of the answer."""
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url + path, headers=headers, data=form or None) as answer,
    ):
        return answer.status, await answer.json()


async def allow(url: str, *permissions: str, **more: Any) -> dict[str, Any]:
    """Make the key by the control call."""
    wanted = {"key": KEY, "permissions": list(permissions), **more}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/_double/keys", json=wanted) as answer,
    ):
        made: dict[str, Any] = await answer.json()
        return made


async def test_a_key_reads_what_it_may_read_and_nothing_else() -> None:
    async with running() as driver:
        await allow(driver.url, "rak_charge_read")
        assert (await ask(driver.url, "GET", "/v1/charges"))[0] == 200
        status, body = await ask(driver.url, "GET", "/v1/events")
        assert status == 403
        assert body["error"]["type"] == "invalid_request_error"
        assert "does not have the required permissions" in body["error"]["message"]
        assert "'rak_event_read'" in body["error"]["message"]
        assert KEY not in body["error"]["message"]


async def test_writing_includes_reading_but_not_the_other_way_round() -> None:
    async with running() as driver:
        await allow(driver.url, "rak_customer_write", "rak_invoice_read")
        assert (await ask(driver.url, "GET", "/v1/customers"))[0] == 200
        assert (await ask(driver.url, "POST", "/v1/customers", email="ann@example.com"))[0] == 200
        assert (await ask(driver.url, "GET", "/v1/invoices"))[0] == 200
        assert (await ask(driver.url, "POST", "/v1/invoices/in_none"))[0] == 403


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("/v1/checkout/sessions/cs_none/expire", "rak_checkout_session_write"),
        ("/v1/billing_portal/sessions", "rak_customer_portal_write"),
        ("/v1/setup_intents/seti_none/confirm", "rak_setup_intent_write"),
        ("/v1/payment_intents/pi_none/confirm", "rak_payment_intent_write"),
        ("/v1/payment_methods/pm_none/detach", "rak_payment_method_write"),
        ("/v1/webhook_endpoints/we_none", "rak_webhook_write"),
    ],
)
async def test_each_request_takes_the_permission_of_its_resource(
    path: str, permission: str
) -> None:
    async with running() as driver:
        await allow(driver.url)
        status, body = await ask(driver.url, "POST", path)
        assert (status, permission in body["error"]["message"]) == (403, True)
        await allow(driver.url, permission)
        assert (await ask(driver.url, "POST", path))[0] in {400, 404}


async def test_a_key_that_was_taken_back_is_unknown() -> None:
    async with running() as driver:
        await allow(driver.url, "rak_charge_read")
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{driver.url}/_double/keys", json={"key": KEY, "permissions": None}
            ) as answer,
        ):
            assert (await answer.json())["permissions"] is None
        assert (await ask(driver.url, "GET", "/v1/charges"))[0] == 401


async def test_an_account_has_several_keys_of_its_own() -> None:
    async with running() as driver:
        made = await allow(driver.url, "rak_account_read")
        other = await allow(driver.url, "rak_charge_read", key="rk_test_another_one_0002")
        assert made["account"] == other["account"]
        assert (await ask(driver.url, "GET", "/v1/account"))[1]["id"] == made["account"]
        assert (await ask(driver.url, "GET", "/v1/account", other["key"]))[0] == 403
