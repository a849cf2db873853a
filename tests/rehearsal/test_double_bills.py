"""Bills are sent and paid by hand: told before the due date and on it, and never charged."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal.driving import START, Driver, running, standing_clock
from tests.rehearsal.holding import every_event_is_as_described, kinds


async def billed(driver: Driver, days: int = 14) -> dict[str, Any]:
    """A monthly subscription by bill, its customer with a card on file all the same."""
    buyer = await driver.customer()
    price = await driver.post(
        "/v1/prices",
        {
            "currency": "usd",
            "unit_amount": 4900,
            "recurring": {"interval": "month"},
            "product_data": {"name": "Team"},
        },
    )
    asked = {
        "customer": buyer["id"],
        "items": [{"price": price["id"]}],
        "collection_method": "send_invoice",
        "days_until_due": days,
    }
    return await driver.post("/v1/subscriptions?expand[]=latest_invoice", asked)


async def latest(driver: Driver, subscription: str) -> dict[str, Any]:
    path = f"/v1/subscriptions/{subscription}?expand[]=latest_invoice"
    invoice: dict[str, Any] = (await driver.get(path))["latest_invoice"]
    return invoice


async def test_a_bill_is_sent_told_before_its_day_and_told_when_it_is_late() -> None:
    async with running() as driver:
        made = await billed(driver)
        invoice = await latest(driver, made["id"])
        assert (made["status"], made["collection_method"]) == ("active", "send_invoice")
        assert invoice["due_date"] == int((START + timedelta(days=14)).timestamp())
        assert (invoice["status"], invoice["attempted"]) == ("open", False)
        assert "invoice.sent" in await kinds(driver)
        await driver.advance(days=10, hours=23)
        assert "invoice.will_be_due" not in await kinds(driver)
        await driver.advance(hours=2)
        assert "invoice.will_be_due" in await kinds(driver)
        await driver.advance(days=3)
        assert "invoice.overdue" in await kinds(driver)
        assert (await driver.get(f"/v1/subscriptions/{made['id']}"))["status"] == "past_due"
        assert not driver.double.ledger()
        await every_event_is_as_described(driver)


async def test_a_bill_that_is_paid_on_its_page_is_told_of_no_more() -> None:
    async with running() as driver:
        made = await billed(driver)
        invoice = await latest(driver, made["id"])
        status, page = await driver.page(
            invoice["hosted_invoice_url"], {"action": "pay", "pm": "pm_card_visa"}
        )
        assert (status, "Paid. Thank you." in page) == (200, True)
        await driver.advance(days=20)
        seen = await kinds(driver)
        assert "invoice.paid" in seen
        assert not {"invoice.will_be_due", "invoice.overdue"} & {*seen}


async def test_each_period_brings_a_bill() -> None:
    async with running() as driver:
        made = await billed(driver)
        await driver.advance(days=62)
        bills = (await driver.get(f"/v1/invoices?subscription={made['id']}"))["data"]
        assert [each["collection_method"] for each in bills] == ["send_invoice"] * 3
        assert not driver.double.ledger()


async def test_days_to_pay_must_be_named() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        asked = {
            "customer": buyer["id"],
            "items": [{"price_data": {"currency": "usd"}}],
            "collection_method": "send_invoice",
        }
        status, said, _ = await driver.send("POST", "/v1/subscriptions", asked)
        assert (status, said["error"]["type"]) == (400, "invalid_request_error")


async def test_what_waits_for_its_day_survives_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "double.sqlite")
    async with running(data_file=path) as driver:
        await billed(driver)
    later = standing_clock(START + timedelta(days=1))
    async with running(data_file=path, clock=later) as driver:
        await driver.advance(days=14)
        assert {"invoice.will_be_due", "invoice.overdue"} <= {*await kinds(driver)}


async def events_of(driver: Driver, kind: str) -> list[dict[str, Any]]:
    found = (await driver.get(f"/v1/events?type={kind}&limit=100"))["data"]
    assert isinstance(found, list)
    return found


async def test_a_renewal_is_told_of_a_week_before_and_only_once() -> None:
    async with running() as driver:
        made = await billed(driver)
        await driver.advance(days=22, hours=23)
        assert not await events_of(driver, "invoice.upcoming")
        await driver.advance(days=1)
        (told,) = await events_of(driver, "invoice.upcoming")
        preview = told["data"]["object"]
        renews = int((START + timedelta(days=30)).timestamp())
        assert preview["id"].startswith("upcoming_in_")
        assert (preview["amount_due"], preview["lines"]["data"][0]["period"]["start"]) == (
            4900,
            renews,
        )
        assert (preview["next_payment_attempt"], preview["due_date"]) == (
            None,
            renews + 14 * 86_400,
        )
        said, _, _ = await driver.send("GET", f"/v1/invoices/{preview['id']}")
        assert said == 404
        await driver.delete(f"/v1/subscriptions/{made['id']}")
        await driver.advance(days=40)
        assert len(await events_of(driver, "invoice.upcoming")) == 1
        await every_event_is_as_described(driver)


@pytest.mark.parametrize("leaving", [{"cancel_at_period_end": True}, {"delete": True}])
async def test_what_will_not_renew_is_not_told_of(leaving: dict[str, bool]) -> None:
    async with running() as driver:
        made = await driver.subscription((await driver.customer())["id"])
        path = f"/v1/subscriptions/{made['id']}"
        await (driver.delete(path) if "delete" in leaving else driver.post(path, leaving))
        await driver.advance(days=40)
        assert not await events_of(driver, "invoice.upcoming")


async def test_how_many_days_before_is_the_accounts_choice(tmp_path: Path) -> None:
    path = str(tmp_path / "double.sqlite")
    async with running(data_file=path) as driver:
        await driver.control("POST", "accounts", {"upcoming_days": 3, "reminded_days": 5})
        await billed(driver, days=10)
        await driver.advance(days=5, hours=1)
        assert len(await events_of(driver, "invoice.will_be_due")) == 1
    later = standing_clock(START + timedelta(days=26))
    async with running(data_file=path, clock=later) as driver:
        await driver.advance(hours=23)
        assert not await events_of(driver, "invoice.upcoming")
        await driver.advance(hours=2)
        assert len(await events_of(driver, "invoice.upcoming")) == 1
    async with running(data_file=path, clock=standing_clock(START + timedelta(days=28))) as driver:
        await driver.advance(days=1)
        assert len(await events_of(driver, "invoice.upcoming")) == 1
