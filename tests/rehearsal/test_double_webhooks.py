"""Deliveries: signed, repeated until they are taken, doubled, shuffled, in the endpoint's shape."""

import asyncio
import json
from typing import Any

import pytest
import stripe

from rehearsal.stripe_double.webhooks import HUGE_BYTES
from tests.rehearsal.driving import OLD_VERSION, SECRET, Driver, Inbox, receiving, running, until


async def _until(inbox: Inbox, count: int) -> list[dict[str, Any]]:
    await until(lambda: len(inbox.got) >= count)
    return [json.loads(body) for body, _ in inbox.got]


async def _endpoint(driver: Driver, inbox: Inbox, **form: Any) -> dict[str, Any]:
    wanted = {"url": inbox.url, "enabled_events": ["customer.created"], **form}
    return await driver.post("/v1/webhook_endpoints", wanted)


async def test_a_delivery_carries_a_signature_the_official_library_accepts() -> None:
    async with (
        receiving() as inbox,
        running(webhook_url=inbox.url, webhook_secret=SECRET) as driver,
    ):
        made = await driver.post("/v1/customers", {"name": "Ada"})
        await _until(inbox, 1)
        body, header = inbox.got[0]
        event = stripe.Webhook.construct_event(body, header, SECRET)
        assert (event.type, event.data.object.id) == ("customer.created", made["id"])
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, header, "whsec_another")


async def test_an_endpoint_gets_the_events_it_asked_for_in_its_own_version() -> None:
    async with receiving() as inbox, running() as driver:
        wanted = ["invoice.payment_failed"]
        for version in ("2026-10-28.endive", OLD_VERSION):
            await _endpoint(driver, inbox, enabled_events=wanted, api_version=version)
        buyer = await driver.customer("pm_card_chargeCustomerFail")
        await driver.subscription(buyer["id"])
        events = await _until(inbox, 2)
        assert {event["type"] for event in events} == {"invoice.payment_failed"}
        by_version = {event["api_version"]: event["data"]["object"] for event in events}
        old, new = by_version[OLD_VERSION], by_version["2026-10-28.endive"]
        assert old["subscription"] == new["parent"]["subscription_details"]["subscription"]
        assert old["payment_intent"].startswith("pi_")
        assert old["charge"].startswith("ch_")
        assert not {"payment_intent", "charge", "subscription", "payments"} & new.keys()


async def test_the_endpoints_secret_is_shown_once_and_its_version_is_kept() -> None:
    async with receiving() as inbox, running() as driver:
        made = await _endpoint(driver, inbox, api_version=OLD_VERSION)
        assert made["secret"].startswith("whsec_")
        later = await driver.get(f"/v1/webhook_endpoints/{made['id']}")
        assert "secret" not in later
        assert later["api_version"] == OLD_VERSION
        gone = await driver.delete(f"/v1/webhook_endpoints/{made['id']}")
        assert gone["deleted"] is True


async def test_an_event_comes_again_until_it_is_taken() -> None:
    async with receiving() as inbox, running(webhook_url=inbox.url) as driver:
        inbox.answers = [500, 302, 200]
        await driver.post("/v1/customers", {"name": "Ada"})
        for tries in (1, 2):
            await _until(inbox, tries)
            await asyncio.sleep(0.05)
            await driver.advance(hours=1)
        events = await _until(inbox, 3)
        assert len({event["id"] for event in events}) == 1
        await asyncio.sleep(0.05)
        report = await driver.control("GET", "deliveries")
        assert report["counts"] == {"delivered": 1}
        assert report["deliveries"][0]["attempts"] == 3
        undelivered = await driver.get("/v1/events?delivery_success=false")
        assert undelivered["data"] == []


async def test_duplicates_drops_and_forged_signatures_come_as_asked() -> None:
    async with (
        receiving() as inbox,
        running(webhook_url=inbox.url, webhook_secret=SECRET) as driver,
    ):
        await driver.control("POST", "webhooks", {"duplicates": 1.0})
        await driver.post("/v1/customers", {"name": "Ada"})
        events = await _until(inbox, 2)
        assert events[0] == events[1]
        await driver.control("POST", "webhooks", {"drop": 1.0})
        await driver.post("/v1/customers", {"name": "Bea"})
        await driver.control("POST", "webhooks", {"bad_signature": 1.0})
        await driver.post("/v1/customers", {"name": "Cy"})
        await _until(inbox, 3)
        body, header = inbox.got[2]
        assert json.loads(body)["data"]["object"]["name"] == "Cy"
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, header, SECRET)
        missed = await driver.get("/v1/events?delivery_success=false")
        assert [each["data"]["object"]["name"] for each in missed["data"]] == ["Bea"]


async def test_an_old_timestamp_is_signed_and_refused_all_the_same() -> None:
    async with (
        receiving() as inbox,
        running(webhook_url=inbox.url, webhook_secret=SECRET) as driver,
    ):
        await driver.control("POST", "webhooks", {"old_timestamp": 1.0})
        await driver.post("/v1/customers", {"name": "Ada"})
        await _until(inbox, 1)
        body, header = inbox.got[0]
        with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
            stripe.Webhook.construct_event(body, header, SECRET)
        stripe.Webhook.construct_event(body, header, SECRET, tolerance=2 * 3_600)


async def test_a_huge_body_is_an_event_with_air_in_it() -> None:
    async with (
        receiving() as inbox,
        running(webhook_url=inbox.url, webhook_secret=SECRET) as driver,
    ):
        await driver.control("POST", "webhooks", {"huge_body": 1.0})
        await driver.post("/v1/customers", {"name": "Ada"})
        assert (await _until(inbox, 1))[0]["type"] == "customer.created"
        body, header = inbox.got[0]
        assert len(body) == HUGE_BYTES
        stripe.Webhook.construct_event(body, header, SECRET)


async def test_reordering_shuffles_what_was_created_in_order() -> None:
    async with receiving() as inbox, running(webhook_url=inbox.url) as driver:
        await driver.control("POST", "webhooks", {"reorder": 0.3, "concurrency": 20})
        for number in range(20):
            await driver.post("/v1/customers", {"name": f"{number:02d}"})
        events = await _until(inbox, 20)
        names = [event["data"]["object"]["name"] for event in events]
        assert names != sorted(names)
        assert len({*names}) == 20


async def test_a_secret_being_rolled_signs_twice() -> None:
    async with receiving() as inbox, running() as driver:
        made = await _endpoint(driver, inbox)
        rolled = await driver.control("POST", "roll_secret", {"endpoint": made["id"]})
        await driver.post("/v1/customers", {"name": "Ada"})
        await _until(inbox, 1)
        body, header = inbox.got[0]
        assert header.count("v1=") == 2
        for secret in rolled["secrets"]:
            stripe.Webhook.construct_event(body, header, secret)


async def test_a_connect_endpoint_hears_of_the_connected_accounts_alone() -> None:
    async with receiving() as inbox, running() as driver:
        await driver.control("POST", "accounts", {"id": "acct_two"})
        await _endpoint(driver, inbox, connect=True)
        await driver.post("/v1/customers", {"name": "ours"})
        await driver.post("/v1/customers", {"name": "theirs"}, Stripe_Account="acct_two")
        events = await _until(inbox, 1)
        assert [event["account"] for event in events] == ["acct_two"]


async def test_an_event_can_be_replayed_fifty_times_at_once() -> None:
    async with receiving() as inbox, running(webhook_url=inbox.url) as driver:
        await driver.post("/v1/customers", {"name": "Ada"})
        first = (await _until(inbox, 1))[0]
        await driver.control("POST", "replay", {"event": first["id"], "times": 50})
        events = await _until(inbox, 51)
        assert {event["id"] for event in events} == {first["id"]}


async def test_the_event_is_the_object_as_it_was_then() -> None:
    async with receiving() as inbox, running(webhook_url=inbox.url) as driver:
        await driver.control("POST", "webhooks", {"paused": True})
        made = await driver.post("/v1/customers", {"name": "Ada"})
        await driver.post(f"/v1/customers/{made['id']}", {"name": "Bea"})
        await driver.control("POST", "webhooks", {})
        events = {event["type"]: event["data"] for event in await _until(inbox, 2)}
        assert events["customer.created"]["object"]["name"] == "Ada"
        assert events["customer.updated"]["previous_attributes"] == {"name": "Ada"}
