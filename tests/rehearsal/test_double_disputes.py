"""Money that leaves again: disputes, fraud warnings, refunds that come back."""

from typing import Any

import pytest

from tests.rehearsal import openapi
from tests.rehearsal.driving import Driver, running
from tests.rehearsal.holding import every_event_is_as_described, kinds, undescribed


async def _paid(driver: Driver, method: str = "pm_card_visa") -> dict[str, Any]:
    buyer = await driver.customer(method)
    made = await driver.open_invoice(buyer["id"])
    await driver.post(f"/v1/invoices/{made['id']}/pay")
    await driver.advance(days=4)
    charge: dict[str, Any] = (await driver.get(f"/v1/charges?customer={buyer['id']}"))["data"][0]
    return charge


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_sepaDebit_success"])
@pytest.mark.parametrize(("end", "status"), [("win", "won"), ("lose", "lost")])
async def test_a_dispute_takes_the_money_and_ends_one_way(
    method: str, end: str, status: str
) -> None:
    async with running() as driver:
        charge = await _paid(driver, method)
        for do in ("open", "respond", end):
            await driver.control("POST", "disputes", {"charge": charge["id"], "do": do})
        found = (await undescribed(driver, f"/v1/disputes?charge={charge['id']}"))["data"][0]
        assert (found["status"], found["amount"]) == (status, charge["amount"])
        assert (await driver.get(f"/v1/charges/{charge['id']}"))["disputed"]
        seen = await kinds(driver)
        for name in ("created", "funds_withdrawn", "updated", "closed"):
            assert f"charge.dispute.{name}" in seen
        assert ("charge.dispute.funds_reinstated" in seen) == (end == "win")
        wide = await undescribed(driver, f"/v1/disputes/{found['id']}?expand[]=charge")
        openapi.check_object(wide, old=False)
        assert wide["charge"]["id"] == charge["id"]
        await every_event_is_as_described(driver)


async def test_what_cannot_be_disputed_is_said() -> None:
    async with running() as driver:
        charge = await _paid(driver)
        for body, status in (
            ({"charge": "ch_none"}, 404),
            ({"charge": charge["id"], "do": "win"}, 409),
            ({"charge": charge["id"]}, 200),
            ({"charge": charge["id"]}, 409),
        ):
            assert (await _status(driver, "disputes", body)) == status


async def test_a_fraud_warning_names_the_charge() -> None:
    async with running() as driver:
        charge = await _paid(driver)
        await driver.control("POST", "disputes", {"charge": charge["id"], "do": "warn"})
        event = (await driver.get("/v1/events?type=radar.early_fraud_warning.created"))["data"][0]
        assert event["data"]["object"]["charge"] == charge["id"]
        await every_event_is_as_described(driver)


@pytest.mark.parametrize("status", ["failed", "canceled"])
async def test_a_refund_in_parts_may_come_back(status: str) -> None:
    async with running() as driver:
        charge = await _paid(driver)
        made = await driver.post("/v1/refunds", {"charge": charge["id"], "amount": 700})
        await driver.post("/v1/refunds", {"charge": charge["id"]})
        assert (await driver.get(f"/v1/charges/{charge['id']}"))["refunded"]
        await driver.control("POST", "refunds", {"refund": made["id"], "status": status})
        after = await driver.get(f"/v1/charges/{charge['id']}")
        assert (after["amount_refunded"], after["refunded"]) == (1200, False)
        assert (await driver.get(f"/v1/refunds/{made['id']}"))["status"] == status
        assert "refund.updated" in await kinds(driver)
        assert await _status(driver, "refunds", {"refund": made["id"]}) == 404
        await every_event_is_as_described(driver)


async def test_only_a_mandate_that_is_there_can_end() -> None:
    async with running() as driver:
        assert await _status(driver, "mandates", {"payment_method": "pm_none"}) == 404


async def _status(driver: Driver, name: str, body: dict[str, Any]) -> int:
    return await driver.control_status(name, body)
