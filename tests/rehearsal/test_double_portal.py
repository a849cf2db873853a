"""The double's customer portal: a session for one customer, and a page that changes the card."""

from pathlib import Path
from typing import Any

import pytest

from rehearsal.stripe_double.portal import OFFERED
from tests.rehearsal.driving import Driver, running
from tests.rehearsal.holding import every_event_is_as_described, kinds

BACK = "https://chase.example.com/thanks?a=1&b=2"
SESSIONS = "/v1/billing_portal/sessions"


def wish(customer: str, **then: Any) -> dict[str, Any]:
    """Straight to the card, and back afterwards."""
    done = {"type": "redirect", "redirect": {"return_url": BACK}, **then}
    return {
        "customer": customer,
        "return_url": BACK,
        "flow_data": {"type": "payment_method_update", "after_completion": done},
    }


async def default_of(driver: Driver, customer: str) -> dict[str, Any]:
    """The payment method in the customer's slot."""
    shown = await driver.get(f"/v1/customers/{customer}")
    return await driver.get(
        f"/v1/payment_methods/{shown['invoice_settings']['default_payment_method']}"
    )


@pytest.mark.parametrize("old", [False, True])
async def test_a_session_leads_to_a_page_that_puts_another_card_in(old: bool) -> None:
    async with running() as driver:
        driver.old = old
        buyer = await driver.customer()
        made = await driver.post(SESSIONS, wish(buyer["id"]))
        assert (made["customer"], made["flow"]["type"]) == (buyer["id"], "payment_method_update")
        status, page = await driver.page(made["url"])
        assert status == 200
        assert "Visa •••• 4242" in page
        assert BACK not in page, "what a merchant wrote is escaped"
        assert "thanks?a=1&amp;b=2" in page
        before = await default_of(driver, buyer["id"])
        assert await driver.redirect(made["url"], {"pm": "pm_card_mastercard"}) == BACK
        after = await default_of(driver, buyer["id"])
        assert (before["card"]["brand"], after["card"]["brand"]) == ("visa", "mastercard")
        told = {"billing_portal.session.created", "payment_method.attached", "customer.updated"}
        assert told <= {*await kinds(driver)}
        await every_event_is_as_described(driver)


async def test_without_a_flow_the_page_stays_and_shows_the_new_card() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.post(SESSIONS, {"customer": buyer["id"], "return_url": BACK})
        assert made["flow"] is None
        _, page = await driver.page(made["url"], {"pm": "pm_card_amex"})
        assert "Amex •••• 8431" in page


@pytest.mark.parametrize("choice", sorted(OFFERED))
async def test_each_choice_becomes_the_default(choice: str) -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.post(SESSIONS, {"customer": buyer["id"]})
        await driver.page(made["url"], {"pm": choice})
        assert (await default_of(driver, buyer["id"]))["customer"] == buyer["id"]
        await every_event_is_as_described(driver)


async def test_what_the_page_does_not_offer_changes_nothing() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.post(SESSIONS, {"customer": buyer["id"]})
        for choice in ("", "pm_card_visa", "<script>"):
            await driver.page(made["url"], {"pm": choice})
        assert (await default_of(driver, buyer["id"]))["card"]["last4"] == "4242"


async def test_a_link_is_short_lived_and_an_unknown_one_is_none() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.post(SESSIONS, {"customer": buyer["id"]})
        await driver.advance(hours=2)
        status, page = await driver.page(made["url"], {"pm": "pm_card_amex"})
        assert (status, "has expired" in page) == (410, True)
        assert (await default_of(driver, buyer["id"]))["card"]["last4"] == "4242"
        assert (await driver.page(made["url"] + "x"))[0] == 404


@pytest.mark.parametrize(
    "changed",
    [{"customer": "cus_nobody"}, {"flow_data": {"type": "subscription_cancel"}}, {"customer": ""}],
)
async def test_a_session_that_cannot_be_is_refused(changed: dict[str, Any]) -> None:
    async with running() as driver:
        buyer = await driver.customer()
        status, _, _ = await driver.send("POST", SESSIONS, {**wish(buyer["id"]), **changed})
        assert status in (400, 404)


async def test_a_session_survives_a_restart(tmp_path: Path) -> None:
    kept = str(tmp_path / "double.sqlite")
    async with running(data_file=kept) as driver:
        buyer = await driver.customer()
        url = (await driver.post(SESSIONS, {"customer": buyer["id"]}))["url"]
    async with running(data_file=kept) as driver:
        there = driver.url + url[url.index("/p/session/") :]
        status, _ = await driver.page(there, {"pm": "pm_card_amex"})
        assert status == 200
        assert (await default_of(driver, buyer["id"]))["card"]["brand"] == "amex"
