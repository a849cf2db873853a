"""Whatever the double says is what Stripe's own description of that version says it looks like."""

import pytest

from rehearsal.stripe_double.events import body
from tests.rehearsal import openapi
from tests.rehearsal.driving import OLD_VERSION, Driver, running

# The old specification lists neither of these.
_NEW_ONLY = ("/v1/invoice_payments",)


async def _walk(driver: Driver) -> None:
    """Everything the rehearsed endpoints do, good ends and bad."""
    await driver.get("/v1/account")
    good = await driver.customer()
    bad = await driver.customer("pm_card_chargeCustomerFail")
    await _one_off(driver, good["id"], bad["id"])
    await _subscribe(driver, good["id"])
    await _read_everything(driver, good["id"])
    await driver.delete(f"/v1/customers/{bad['id']}")
    await driver.get(f"/v1/customers/{bad['id']}")


async def _one_off(driver: Driver, good: str, bad: str) -> None:
    paid = await driver.open_invoice(good)
    paid = await driver.post(f"/v1/invoices/{paid['id']}/pay")
    assert paid["status"] == "paid"
    status, said, _ = await driver.send("POST", f"/v1/invoices/{paid['id']}/pay")
    assert (status, said["error"]["message"]) == (400, "Invoice is already paid")
    unpaid = await driver.open_invoice(bad)
    status, _, _ = await driver.send("POST", f"/v1/invoices/{unpaid['id']}/pay")
    assert status == 402
    await driver.post(f"/v1/invoices/{unpaid['id']}", {"metadata": {"a": "b"}})
    await driver.post(f"/v1/invoices/{unpaid['id']}/mark_uncollectible")
    await driver.post(f"/v1/invoices/{unpaid['id']}/void")
    charge = (await driver.get(f"/v1/charges?customer={good}"))["data"][0]
    await driver.post("/v1/refunds", {"charge": charge["id"], "amount": 100})
    status, _, _ = await driver.send(
        "POST", "/v1/refunds", {"charge": charge["id"], "amount": 9999}
    )
    assert status == 400


async def _subscribe(driver: Driver, good: str) -> None:
    made = await driver.subscription(good)
    assert made["status"] == "active"
    card = await driver.post(
        "/v1/payment_methods/pm_card_authenticationRequired/attach", {"customer": good}
    )
    path = f"/v1/subscriptions/{made['id']}"
    await driver.post(path, {"default_payment_method": card["id"]})
    await driver.advance(days=40)
    assert (await driver.get(path))["status"] == "past_due"
    await driver.post(path, {"pause_collection": {"behavior": "void"}})
    await driver.post(path, {"pause_collection": ""})
    await driver.post(path, {"cancel_at_period_end": True})
    await driver.delete(path)
    await driver.post(f"/v1/payment_methods/{card['id']}/detach")


async def _read_everything(driver: Driver, good: str) -> None:
    await driver.get(f"/v1/customers/{good}/payment_methods?type=card")
    for path in (
        "/v1/customers", "/v1/invoices", "/v1/payment_intents", "/v1/charges", "/v1/refunds",
        "/v1/subscriptions?status=all", "/v1/products", "/v1/prices", "/v1/invoice_payments",
        f"/v1/payment_methods?customer={good}", "/v1/webhook_endpoints",
    ):  # fmt: skip
        if driver.old and path in _NEW_ONLY:
            continue
        listed = await driver.get(path)
        for found in listed["data"]:
            await driver.get(f"{path.partition('?')[0]}/{found['id']}")


@pytest.mark.parametrize("old", [False, True], ids=["endive", "before basil"])
async def test_every_answer_of_a_full_walk_is_as_the_specification_describes_it(old: bool) -> None:
    async with running() as driver:
        driver.old = old
        await driver.post(
            "/v1/webhook_endpoints",
            {"url": "http://127.0.0.1:9/none", "enabled_events": ["invoice.overdue"]},
        )
        await _walk(driver)


async def test_every_event_of_a_full_walk_is_valid_in_both_shapes() -> None:
    async with running() as driver:
        await _walk(driver)
        events = driver.double.world.store.all("event")
        assert len(events) > 60
        for event in events:
            assert openapi.knows_event(event["type"]), event["type"]
            openapi.check_event(body(event), old=False)
            if not event["type"].startswith("invoice_payment."):
                openapi.check_event(body(event, OLD_VERSION), old=True)


async def test_expanded_answers_are_valid_and_nothing_is_expanded_unasked() -> None:
    async with running() as driver:
        good = await driver.customer()
        made = await driver.open_invoice(good["id"])
        assert "payments" not in made
        wide = await driver.get(
            f"/v1/invoices/{made['id']}?expand[]=payments.data.payment.payment_intent"
            "&expand[]=customer&expand[]=confirmation_secret"
        )
        assert wide["payments"]["data"][0]["payment"]["payment_intent"]["amount"] == 1900
        assert wide["customer"]["email"] == "ada@example.com"
        status, said, _ = await driver.send("GET", f"/v1/invoices/{made['id']}?expand[]=nothing")
        assert status == 400
        assert "cannot be expanded" in said["error"]["message"]


async def test_the_demo_scene_holds_only_valid_objects() -> None:
    async with running(scene="demo", scene_size=40) as driver:
        await driver.advance(days=12)
        for path in ("invoices", "subscriptions?status=all", "customers", "charges", "prices"):
            joint = "&" if "?" in path else "?"
            await driver.get(f"/v1/{path}{joint}limit=100")
