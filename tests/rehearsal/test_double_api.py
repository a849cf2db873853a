"""The API as clients meet it: the real SDK, tenants, lists, refusals, idempotency keys."""

import asyncio

import pytest
import stripe

from rehearsal.stripe_double import StripeDouble
from tests.rehearsal.driving import Driver, running


def _sdk(url: str, account: str | None = None) -> stripe.StripeClient:
    bases = {"api": url, "connect": url, "files": url, "meter_events": url}
    return stripe.StripeClient(
        "sk_test_rehearsal",
        stripe_account=account,
        base_addresses=bases,
        http_client=stripe.HTTPXClient(timeout=10),
    )


async def test_the_official_client_walks_from_customer_to_decline_to_payment() -> None:
    async with running() as driver:
        client = _sdk(driver.url)
        made = await client.v1.customers.create_async(
            {"email": "ada@example.com", "payment_method": "pm_card_chargeCustomerFail"}
        )
        cards = await client.v1.customers.payment_methods.list_async(made.id)
        settings = {"default_payment_method": cards.data[0].id}
        await client.v1.customers.update_async(made.id, {"invoice_settings": settings})
        await client.v1.invoice_items.create_async(
            {"customer": made.id, "amount": 1900, "currency": "usd"}
        )
        billed = await client.v1.invoices.create_async({"customer": made.id})
        billed = await client.v1.invoices.finalize_invoice_async(billed.id)
        with pytest.raises(stripe.CardError) as declined:
            await client.v1.invoices.pay_async(billed.id, options={"idempotency_key": "one"})
        assert declined.value.error.decline_code == "generic_decline"
        good = await client.v1.payment_methods.attach_async("pm_card_visa", {"customer": made.id})
        paid = await client.v1.invoices.pay_async(billed.id, {"payment_method": good.id})
        assert paid.status == "paid"
        listed = await client.v1.events.list_async({"types": ["invoice.paid"]})
        assert listed.data[0].data.object.id == billed.id


async def test_an_account_sees_only_its_own() -> None:
    async with running() as driver:
        await driver.control("POST", "accounts", {"id": "acct_two", "name": "Two"})
        buyer = await driver.customer()
        with pytest.raises(stripe.InvalidRequestError) as absent:
            await _sdk(driver.url, "acct_two").v1.customers.retrieve_async(buyer["id"])
        assert (absent.value.http_status, absent.value.code) == (404, "resource_missing")
        listed = await _sdk(driver.url, "acct_two").v1.customers.list_async()
        assert listed.data == []


async def test_a_revoked_or_unknown_account_is_a_403() -> None:
    async with running() as driver:
        await driver.control("POST", "accounts", {"id": "acct_two", "revoked": True})
        for account in ("acct_two", "acct_nowhere"):
            with pytest.raises(stripe.PermissionError) as refused:
                await _sdk(driver.url, account).v1.customers.list_async()
            assert refused.value.error.code == "account_invalid"


async def test_a_wrong_key_is_a_401() -> None:
    async with running() as driver:
        status, said, _ = await driver.send(
            "GET", "/v1/account", Authorization="Bearer sk_test_wrong"
        )
        assert (status, said["error"]["type"]) == (401, "invalid_request_error")


async def test_an_unknown_parameter_or_address_is_refused() -> None:
    async with running() as driver:
        status, said, _ = await driver.send("POST", "/v1/customers", {"payment_method_types": "x"})
        assert (status, said["error"]["code"]) == (400, "parameter_unknown")
        status, _, _ = await driver.send("GET", "/v1/nothing")
        assert status == 404


async def test_lists_come_newest_first_in_pages() -> None:
    async with running() as driver:
        made = [await driver.post("/v1/customers", {"name": str(n)}) for n in range(5)]
        newest = [each["id"] for each in reversed(made)]
        first = await driver.get("/v1/customers?limit=2")
        assert ([each["id"] for each in first["data"]], first["has_more"]) == (newest[:2], True)
        rest = await driver.get(f"/v1/customers?limit=3&starting_after={newest[1]}")
        assert ([each["id"] for each in rest["data"]], rest["has_more"]) == (newest[2:], False)
        back = await driver.get(f"/v1/customers?limit=1&ending_before={newest[2]}")
        assert [each["id"] for each in back["data"]] == [newest[1]]
        status, _, _ = await driver.send("GET", "/v1/customers?limit=101")
        assert status == 400


async def test_metadata_merges_and_an_empty_value_deletes() -> None:
    async with running() as driver:
        made = await driver.post("/v1/customers", {"metadata": {"a": "1", "b": "2"}})
        path = f"/v1/customers/{made['id']}"
        after = await driver.post(path, {"metadata": {"a": "", "_c": "3"}})
        assert after["metadata"] == {"b": "2", "_c": "3"}


async def _declining(driver: Driver) -> str:
    buyer = await driver.customer("pm_card_chargeCustomerFail")
    return f"/v1/invoices/{(await driver.open_invoice(buyer['id']))['id']}/pay"


async def test_the_same_key_replays_even_a_decline() -> None:
    async with running() as driver:
        path = await _declining(driver)
        first = await driver.send("POST", path, Idempotency_Key="k")
        again = await driver.send("POST", path, Idempotency_Key="k")
        assert (first[0], again[0]) == (402, 402)
        assert first[1] == again[1]
        assert again[2]["Idempotent-Replayed"] == "true"
        assert driver.double.verdict()["attempts_by_api"] == 1
        assert driver.double.verdict()["replayed"] == 1


async def test_the_same_key_with_other_parameters_is_refused() -> None:
    async with running() as driver:
        path = await _declining(driver)
        await driver.send("POST", path, Idempotency_Key="k")
        form = {"off_session": True}
        status, said, _ = await driver.send("POST", path, form, Idempotency_Key="k")
        assert (status, said["error"]["type"]) == (400, "idempotency_error")


async def test_a_key_is_forgotten_after_a_day() -> None:
    async with running() as driver:
        path = await _declining(driver)
        await driver.send("POST", path, Idempotency_Key="k")
        await driver.advance(hours=25)
        _, _, headers = await driver.send("POST", path, Idempotency_Key="k")
        assert "Idempotent-Replayed" not in headers
        assert driver.double.verdict()["attempts_by_api"] == 2


async def test_a_refused_request_keeps_no_key() -> None:
    async with running() as driver:
        path = await _declining(driver)
        status, _, _ = await driver.send("POST", path, {"odd": 1}, Idempotency_Key="k")
        assert status == 400
        status, _, headers = await driver.send("POST", path, Idempotency_Key="k")
        assert status == 402
        assert "Idempotent-Replayed" not in headers


async def test_a_second_call_meets_409_by_its_key_and_429_by_the_invoice() -> None:
    async with running() as driver:
        path = await _declining(driver)
        await driver.control("POST", "accounts", {"id": "acct_rehearsal", "latency_s": 0.3})
        calls = [driver.send("POST", path, Idempotency_Key=key) for key in ("k", "k", "other")]
        answers = await asyncio.gather(*calls)
        said = sorted((status, body["error"]["code"]) for status, body, _ in answers)
        assert said == [
            (402, "card_declined"),
            (409, "idempotency_key_in_use"),
            (429, "lock_timeout"),
        ]
        assert driver.double.verdict()["two_open_calls"] == 1


async def test_a_rate_limit_answers_429_beyond_it() -> None:
    async with running() as driver:
        await driver.control("POST", "accounts", {"id": "acct_rehearsal", "rate_limit": 3})
        answers = await asyncio.gather(*(driver.send("GET", "/v1/account") for _ in range(12)))
        assert 429 in {status for status, _, _ in answers}


async def test_malformed_requests_are_refused_and_the_double_lives_on() -> None:
    async with running() as driver:
        for form in ({"a[b": "1"}, {"[x]": "1"}, {"a" + "[b]" * 20: "1"}):
            status, _, _ = await driver.send("POST", "/v1/customers", form)
            assert status == 400
        assert isinstance(driver.double, StripeDouble)
        await driver.get("/v1/account")


async def test_the_double_is_not_for_other_machines() -> None:
    with pytest.raises(ValueError, match="this machine only"):
        await StripeDouble().start(host="0.0.0.0")
