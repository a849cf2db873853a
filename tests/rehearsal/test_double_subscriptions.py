"""Subscriptions that stand still, go on, end with their period, or go uncollected for a while."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal.driving import OLD_VERSION, START, Driver, running, standing_clock
from tests.rehearsal.holding import every_event_is_as_described, kinds

NOW_ANCHOR = {"billing_cycle_anchor": {"type": "now"}}


async def flexible(driver: Driver, card: str = "pm_card_visa") -> dict[str, Any]:
    """A monthly subscription that can be paused."""
    buyer = await driver.customer(card)
    price = {
        "currency": "usd",
        "unit_amount": 4900,
        "recurring": {"interval": "month"},
        "product_data": {"name": "Team"},
    }
    asked = {
        "customer": buyer["id"],
        "items": [{"price": (await driver.post("/v1/prices", price))["id"]}],
        "billing_mode": {"type": "flexible"},
    }
    return await driver.post("/v1/subscriptions", asked)


async def paused(driver: Driver, card: str = "pm_card_visa") -> str:
    """The path of a subscription that stands still."""
    path = f"/v1/subscriptions/{(await flexible(driver, card))['id']}"
    stands = await driver.post(f"{path}/pause", {"type": "subscription"})
    assert stands["status"] == "paused"
    return path


async def bills(driver: Driver, path: str) -> list[dict[str, Any]]:
    """The subscription's invoices, the newest first."""
    key = path.rpartition("/")[2]
    found: list[dict[str, Any]] = (await driver.get(f"/v1/invoices?subscription={key}"))["data"]
    return found


async def updates(driver: Driver) -> list[dict[str, Any]]:
    """What each update of a subscription changed, as it was before, the newest first."""
    found = await driver.get("/v1/events?type=customer.subscription.updated&limit=100")
    return [event["data"]["previous_attributes"] for event in found["data"]]


async def test_what_is_paused_makes_no_invoice_until_it_goes_on() -> None:
    async with running() as driver:
        path = await paused(driver)
        assert (await kinds(driver))[:2] == [
            "customer.subscription.paused",
            "customer.subscription.updated",
        ]
        await driver.advance(days=70)
        assert len(await bills(driver, path)) == 1
        assert "invoice.upcoming" not in await kinds(driver)
        goes = await driver.post(f"{path}/resume", NOW_ANCHOR)
        assert (goes["status"], "status_details" in goes) == ("active", False)
        newest = (await bills(driver, path))[0]
        assert (newest["status"], newest["billing_reason"]) == ("paid", "subscription_update")
        assert goes["billing_cycle_anchor"] == int(START.timestamp()) + 70 * 86_400
        assert "customer.subscription.resumed" in await kinds(driver)
        await driver.advance(days=32)
        assert len(await bills(driver, path)) == 3
        await every_event_is_as_described(driver)


async def test_it_may_go_on_in_its_old_rhythm_without_an_invoice() -> None:
    async with running() as driver:
        path = await paused(driver)
        await driver.advance(days=70)
        goes = await driver.post(f"{path}/resume", {"billing_cycle_anchor": {"type": "unchanged"}})
        assert (goes["status"], len(await bills(driver, path))) == ("active", 1)
        assert goes["billing_cycle_anchor"] == int(START.timestamp())
        await driver.advance(days=22)  # the second of February
        assert len(await bills(driver, path)) == 2


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("resume_on_payment_attempt", "past_due"), ("resume_on_payment_success", "paused")],
)
async def test_a_refused_payment_lets_it_go_on_or_not_as_was_asked(
    behavior: str, status: str
) -> None:
    async with running() as driver:
        path = await paused(driver, "pm_card_visa")
        found = await driver.get(path)
        rules = [{"first_n": 1, "then": {"decline": "insufficient_funds"}}]
        told = {"scope": found["customer"], "rules": rules}
        await driver.control("POST", "scripts", told)
        goes = await driver.post(f"{path}/resume", {"payment_behavior": behavior})
        newest = (await bills(driver, path))[0]
        assert (goes["status"], newest["status"], newest["attempt_count"]) == (status, "open", 1)
        await driver.post(f"/v1/invoices/{newest['id']}/pay")
        assert (await driver.get(path))["status"] == "active"
        assert (await kinds(driver)).count("customer.subscription.resumed") == 1
        await every_event_is_as_described(driver)


async def test_a_resumption_that_nobody_tries_to_pay_is_over_after_23_hours(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "double.sqlite")
    async with running(data_file=path) as driver:
        subscription = await paused(driver)
        held = await driver.get(f"/v1/customers/{(await driver.get(subscription))['customer']}")
        card = held["invoice_settings"]["default_payment_method"]
        await driver.post(f"/v1/payment_methods/{card}/detach")
        await driver.post(f"{subscription}/resume")
    async with running(data_file=path) as driver:
        await driver.advance(hours=22)
        assert (await bills(driver, subscription))[0]["status"] == "open"
        await driver.advance(hours=2)
        assert (await bills(driver, subscription))[0]["status"] == "void"
        assert (await driver.get(subscription))["status"] == "paused"


async def test_the_old_shape_resumes_with_a_word() -> None:
    async with running() as driver:
        path = await paused(driver)
        driver.old = True
        goes = await driver.post(f"{path}/resume", {"billing_cycle_anchor": "unchanged"})
        assert goes["status"] == "active"


async def test_what_cannot_be_paused_or_resumed_is_said() -> None:
    async with running() as driver:
        classic = await driver.subscription((await driver.customer())["id"])
        path = f"/v1/subscriptions/{classic['id']}"
        for asked in (f"{path}/pause", f"{path}/resume"):
            status, said, _ = await driver.send("POST", asked)
            assert (status, said["error"]["type"]) == (400, "invalid_request_error")
        stands = await paused(driver)
        for wrong in (
            {"billing_cycle_anchor": {"type": "never"}},
            {"payment_behavior": "whenever"},
        ):
            status, said, _ = await driver.send("POST", f"{stands}/resume", wrong)
            assert (status, said["error"]["param"]) == (400, next(iter(wrong)))
        again, _, _ = await driver.send("POST", f"{stands}/pause")
        assert again == 400


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible"), ("void", "void")],
)
async def test_a_paused_collection_decides_what_becomes_of_new_invoices(
    behavior: str, status: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "double.sqlite")
    async with running(data_file=path) as driver:
        made = await driver.subscription((await driver.customer())["id"])
        subscription = f"/v1/subscriptions/{made['id']}"
        resumes = int(START.timestamp()) + 40 * 86_400
        pause = {"pause_collection": {"behavior": behavior, "resumes_at": resumes}}
        await driver.post(subscription, pause)
        assert (await updates(driver))[0] == {"pause_collection": None}
        await driver.advance(days=31)
        assert (await driver.get(subscription))["status"] == "active"
    later = standing_clock(START + timedelta(days=31))
    async with running(data_file=path, clock=later) as driver:
        newest = (await bills(driver, subscription))[0]
        assert (newest["status"], newest["auto_advance"]) == (status, False)
        assert len(driver.double.ledger()) == 1
        await driver.advance(days=31)
        assert (await driver.get(subscription))["pause_collection"] is None
        assert [each["status"] for each in await bills(driver, subscription)] == [
            "paid",
            status,
            "paid",
        ]
        await every_event_is_as_described(driver)


async def test_it_ends_with_its_period_when_that_was_asked_for() -> None:
    async with running() as driver:
        made = await driver.subscription((await driver.customer())["id"])
        path = f"/v1/subscriptions/{made['id']}"
        await driver.post(path, {"cancel_at_period_end": True})
        asked = (await updates(driver))[0]
        assert asked == {
            "cancel_at_period_end": False,
            "cancel_at": None,
            "canceled_at": None,
            "cancellation_details": made["cancellation_details"],
        }
        await driver.post(path, {"cancel_at_period_end": False})
        assert (await driver.get(path))["canceled_at"] is None
        await driver.post(path, {"cancel_at_period_end": True})
        await driver.advance(days=31)
        ended = await driver.get(path)
        assert (ended["status"], ended["canceled_at"]) == ("canceled", int(START.timestamp()))
        assert ended["ended_at"] == int(START.timestamp()) + 30 * 86_400
        assert len(await bills(driver, path)) == 1
        assert "customer.subscription.deleted" in await kinds(driver)
        await every_event_is_as_described(driver)


@pytest.mark.parametrize("old", [False, True])
async def test_a_renewal_says_which_period_was_before(old: bool) -> None:
    async with running() as driver:
        if old:
            await driver.control("POST", "accounts", {"api_version": OLD_VERSION})
        made = await driver.subscription((await driver.customer())["id"])
        await driver.advance(days=31)
        before = (await updates(driver))[0]
        begun = int(START.timestamp())
        item = before["items"]["data"][0]
        assert before["latest_invoice"] == made["latest_invoice"]
        assert (before if old else item)["current_period_start"] == begun
        assert ("current_period_start" in item) is not old


async def test_subscriptions_are_listed_by_price_and_period() -> None:
    async with running() as driver:
        first = await flexible(driver)
        await driver.advance(days=1)
        second = await flexible(driver)
        sold = first["items"]["data"][0]["price"]["id"]
        found = (await driver.get(f"/v1/subscriptions?price={sold}"))["data"]
        assert [each["id"] for each in found] == [first["id"]]
        later = int(START.timestamp()) + 1
        found = (await driver.get(f"/v1/subscriptions?current_period_start[gte]={later}"))["data"]
        assert [each["id"] for each in found] == [second["id"]]
