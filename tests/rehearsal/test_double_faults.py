"""Planted faults strike where they are aimed, and the ledger knows the truth behind them."""

import asyncio
import json
import time
from typing import Any

import aiohttp
import pytest

from tests.rehearsal.driving import SECRET, START, Driver, receiving, running, until

PAY = {"method": "POST", "path": "/v1/invoices/*/pay"}


async def _payable(driver: Driver) -> str:
    buyer = await driver.customer()
    return f"/v1/invoices/{(await driver.open_invoice(buyer['id']))['id']}/pay"


async def _plant(driver: Driver, do: str, **more: Any) -> None:
    fault = {"do": do, "match": {**PAY, **more.pop("match", {})}, **more}
    await driver.control("POST", "faults", [fault])


async def _moved(driver: Driver) -> int:
    found = driver.double.verdict()["money_moved"]
    assert isinstance(found, int)
    return found


async def test_a_timeout_after_the_effect_moves_money_once_however_often_it_is_retried() -> None:
    async with running() as driver:
        path = await _payable(driver)
        await _plant(driver, "timeout_after_effect", seconds=0.2, times=1)
        with pytest.raises(aiohttp.ClientError):
            await driver.send("POST", path, Idempotency_Key="k")
        assert await _moved(driver) == 1
        line = driver.double.ledger()[-1]
        assert (line["money_moved"], line["response_delivered"]) == (True, False)
        status, said, headers = await driver.send("POST", path, Idempotency_Key="k")
        assert (status, said["status"]) == (200, "paid")
        assert headers["Idempotent-Replayed"] == "true"
        verdict = driver.double.verdict()
        assert (verdict["ok"], verdict["money_moved"]) == (True, 1)


async def test_a_timeout_before_the_effect_moves_nothing() -> None:
    async with running() as driver:
        path = await _payable(driver)
        await _plant(driver, "timeout_before", seconds=0.1, times=1)
        with pytest.raises(aiohttp.ClientError):
            await driver.send("POST", path, Idempotency_Key="k")
        assert await _moved(driver) == 0
        status, _, headers = await driver.send("POST", path, Idempotency_Key="k")
        assert status == 200
        assert "Idempotent-Replayed" not in headers


async def test_a_reset_after_the_effect_hides_a_payment_that_happened() -> None:
    async with running() as driver:
        path = await _payable(driver)
        await _plant(driver, "reset_after_effect", times=1)
        with pytest.raises(aiohttp.ClientError):
            await driver.send("POST", path)
        assert await _moved(driver) == 1


@pytest.mark.parametrize(
    ("fault", "status", "moved"),
    [
        ("429", 429, 0),
        ("500_before", 500, 0),
        ("401_revoked", 401, 0),
        ("500_after_effect", 500, 1),
    ],
)
async def test_an_answer_that_lies_or_not(fault: str, status: int, moved: int) -> None:
    async with running() as driver:
        path = await _payable(driver)
        await _plant(driver, fault)
        got, _, _ = await driver.send("POST", path, Idempotency_Key="k")
        assert (got, await _moved(driver)) == (status, moved)


async def test_a_500_after_the_effect_is_replayed_as_it_was() -> None:
    async with running() as driver:
        path = await _payable(driver)
        await _plant(driver, "500_after_effect", times=1)
        await driver.send("POST", path, Idempotency_Key="k")
        status, _, headers = await driver.send("POST", path, Idempotency_Key="k")
        assert (status, headers["Idempotent-Replayed"]) == (500, "true")
        assert await _moved(driver) == 1


async def test_a_503_comes_as_html_and_truncated_json_does_not_parse() -> None:
    async with running() as driver:
        path = await _payable(driver)
        await _plant(driver, "503")
        with pytest.raises(aiohttp.ContentTypeError):
            await driver.send("POST", path)
        await _plant(driver, "truncated_json")
        with pytest.raises(ValueError, match="column"):
            await driver.send("POST", path)
        assert await _moved(driver) == 1


async def test_a_slow_body_arrives_in_the_end() -> None:
    async with running() as driver:
        path = await _payable(driver)
        await _plant(driver, "slow_body", seconds=0.3)
        begun = asyncio.get_running_loop().time()
        status, said, _ = await driver.send("POST", path)
        assert (status, said["status"]) == (200, "paid")
        assert asyncio.get_running_loop().time() - begun >= 0.25


async def test_a_stale_read_shows_the_invoice_as_it_was() -> None:
    async with running() as driver:
        path = await _payable(driver)
        await asyncio.sleep(0.3)
        await driver.post(path)
        stale = {"do": "stale_read", "seconds": 0.2, "match": {"method": "GET"}}
        await driver.control("POST", "faults", [stale])
        assert (await driver.get(path.removesuffix("/pay")))["status"] == "open"
        await asyncio.sleep(0.3)
        assert (await driver.get(path.removesuffix("/pay")))["status"] == "paid"


async def test_a_fault_strikes_the_nth_call_and_a_burst_goes_on_for_a_while() -> None:
    async with running() as driver:
        second = {"do": "429", "burst_s": 0.3, "match": {"path": "/v1/account", "nth": 2}}
        await driver.control("POST", "faults", [second])
        answers = [(await driver.send("GET", "/v1/account"))[0] for _ in range(3)]
        assert answers == [200, 429, 429]
        await asyncio.sleep(0.35)
        assert (await driver.send("GET", "/v1/account"))[0] == 200


async def test_the_same_seed_draws_the_same_faults() -> None:
    async def draws() -> list[int]:
        async with running(seed=7) as driver:
            half = {"do": "500_before", "match": {"path": "/v1/account", "p": 0.5}}
            await driver.control("POST", "faults", [half])
            return [(await driver.send("GET", "/v1/account"))[0] for _ in range(20)]

    first = await draws()
    assert first == await draws()
    assert {*first} == {200, 500}


@pytest.mark.parametrize("wrong_by_s", [90.0, -90.0])
async def test_a_wrong_clock_stamps_and_signs_with_its_own_time(wrong_by_s: float) -> None:
    async with (
        receiving() as inbox,
        running(webhook_url=inbox.url, webhook_secret=SECRET) as driver,
    ):
        await driver.control("POST", "faults", [{"do": "clock_skew", "seconds": wrong_by_s}])
        made = await driver.post("/v1/customers", {"name": "Ada"})
        assert made["created"] == int(START.timestamp() + wrong_by_s)
        await until(lambda: inbox.got)
        body, header = inbox.got[0]
        assert json.loads(body)["created"] == made["created"]
        signed_at = int(header.partition(",")[0].removeprefix("t="))
        assert abs(signed_at - time.time() - wrong_by_s) < 30
        assert (await driver.control("GET", "faults"))[0]["seen"] == 0
        await driver.control("DELETE", "faults")
        assert (await driver.post("/v1/customers"))["created"] == int(START.timestamp())


async def test_what_is_due_waits_for_the_wrong_clock_too() -> None:
    async with running() as driver:
        bought = await driver.subscription((await driver.customer())["id"])
        await driver.control("POST", "faults", [{"do": "clock_skew", "seconds": -7_200}])
        await driver.advance(days=30, hours=1)
        assert not await _renewed(driver, bought["id"])
        await driver.advance(hours=1, seconds=1)
        assert await _renewed(driver, bought["id"])


async def _renewed(driver: Driver, subscription: str) -> bool:
    bills = (await driver.get(f"/v1/invoices?subscription={subscription}"))["data"]
    return len(bills) == 2


async def test_a_fault_nobody_knows_is_refused() -> None:
    async with running() as driver:
        with pytest.raises(AssertionError, match="Invalid enum value"):
            await driver.control("POST", "faults", [{"do": "explode"}])
