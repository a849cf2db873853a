"""A payment method made ready for later: setup intents, Checkout's page, the bank's question."""

from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal.driving import Driver, running
from tests.rehearsal.holding import every_event_is_as_described, kinds

SETUPS = "/v1/setup_intents"
SESSIONS = "/v1/checkout/sessions"
THANKS = "https://chase.example.com/done?session={CHECKOUT_SESSION_ID}"
AWAY = "https://chase.example.com/back"
GOOD, ASKS, REFUSED = (
    "pm_card_mastercard",
    "pm_card_authenticationRequired",
    "pm_card_visa_chargeDeclinedInsufficientFunds",
)


def wish(customer: str, **more: Any) -> dict[str, Any]:
    return {
        "mode": "setup",
        "customer": customer,
        "success_url": THANKS,
        "cancel_url": AWAY,
        "payment_method_types": ["card", "sepa_debit"],
        "setup_intent_data": {"metadata": {"case": "7"}},
        **more,
    }


async def opened(driver: Driver, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A customer, and a session for them."""
    buyer = await driver.customer()
    return buyer, await driver.post(SESSIONS, wish(buyer["id"], **more))


async def intent_of(driver: Driver, session: dict[str, Any]) -> dict[str, Any]:
    return await driver.get(f"{SETUPS}/{session['setup_intent']}")


@pytest.mark.parametrize("old", [False, True])
async def test_a_card_is_given_on_the_page_and_the_customer_led_on(old: bool) -> None:
    async with running() as driver:
        driver.old = old
        buyer, session = await opened(driver)
        assert (session["status"], session["mode"]) == ("open", "setup")
        status, page = await driver.page(session["url"])
        assert (status, "Mastercard •••• 4444" in page) == (200, True)
        where = await driver.redirect(session["url"], {"pm": GOOD})
        assert where == THANKS.replace("{CHECKOUT_SESSION_ID}", session["id"])
        after = await driver.get(f"{SESSIONS}/{session['id']}")
        intent = await intent_of(driver, session)
        assert (after["status"], after["url"], intent["status"]) == ("complete", None, "succeeded")
        assert intent["metadata"] == {"case": "7"}
        method = await driver.get(f"/v1/payment_methods/{intent['payment_method']}")
        assert (method["customer"], method["card"]["brand"]) == (buyer["id"], "mastercard")
        shown = await driver.get(f"/v1/customers/{buyer['id']}")
        default = shown["invoice_settings"]["default_payment_method"]
        assert default != method["id"], "that is the merchant's to do"
        told = {
            "setup_intent.created", "setup_intent.succeeded", "payment_method.attached",
            "checkout.session.completed",
        }  # fmt: skip
        assert told <= {*await kinds(driver)}
        await every_event_is_as_described(driver)


@pytest.mark.parametrize(("said", "status"), [("approve", "complete"), ("refuse", "open")])
async def test_a_bank_that_asks_is_answered_on_its_own_page(said: str, status: str) -> None:
    async with running() as driver:
        _, session = await opened(driver)
        bank = await driver.redirect(session["url"], {"pm": ASKS})
        assert (await intent_of(driver, session))["status"] == "requires_action"
        _, page = await driver.page(bank)
        assert "Your bank asks" in page
        back = await driver.redirect(bank, {"action": said})
        assert back == session["url"]
        assert (await driver.get(f"{SESSIONS}/{session['id']}"))["status"] == status
        seen = {*await kinds(driver)}
        assert "setup_intent.requires_action" in seen
        if said == "approve":
            card = (await intent_of(driver, session))["payment_method"]
            assert card
        else:
            shown, page = await driver.page(session["url"])
            assert (shown, "authentication failed" in page) == (402, True)
        await every_event_is_as_described(driver)


async def test_a_card_that_its_bank_refuses_is_told_and_another_may_be_tried() -> None:
    async with running() as driver:
        _, session = await opened(driver)
        status, page = await driver.page(session["url"], {"pm": REFUSED})
        assert (status, 'class="bad"' in page) == (402, True)
        intent = await intent_of(driver, session)
        assert intent["last_setup_error"]["decline_code"] == "insufficient_funds"
        assert "setup_intent.setup_failed" in await kinds(driver)
        await driver.redirect(session["url"], {"pm": "pm_sepaDebit_success"})
        after = await intent_of(driver, session)
        assert (after["status"], after["last_setup_error"]) == ("succeeded", None)
        assert after["mandate"]
        await every_event_is_as_described(driver)


async def test_a_session_runs_out_or_is_ended(tmp_path: Path) -> None:
    path = str(tmp_path / "double.sqlite")
    async with running(data_file=path) as driver:
        _, session = await opened(driver)
        _, other = await opened(driver)
        ended = await driver.post(f"{SESSIONS}/{other['id']}/expire")
        assert (ended["status"], ended["url"]) == ("expired", None)
        status, said, _ = await driver.send("POST", f"{SESSIONS}/{other['id']}/expire")
        assert (status, said["error"]["type"]) == (400, "invalid_request_error")
    async with running(data_file=path) as driver:
        await driver.advance(days=1, hours=1)
        after = await driver.get(f"{SESSIONS}/{session['id']}")
        assert after["status"] == "expired"
        listed = await driver.get(f"{SESSIONS}?status=expired")
        assert len(listed["data"]) == 2
        assert (await kinds(driver)).count("checkout.session.expired") == 2


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": "payment"}, "mode"),
        ({"success_url": ""}, "success_url"),
        ({"payment_method_types": ""}, "currency"),
        ({"expires_at": 1}, "expires_at"),
    ],
)
async def test_what_checkout_cannot_do_is_refused(changes: dict[str, Any], param: str) -> None:
    async with running() as driver:
        buyer = await driver.customer()
        status, said, _ = await driver.send("POST", SESSIONS, wish(buyer["id"], **changes))
        assert (status, said["error"]["param"]) == (400, param)


async def test_a_setup_intent_is_confirmed_by_the_merchants_program() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.post(SETUPS, {"customer": buyer["id"], "payment_method": GOOD})
        assert made["status"] == "requires_confirmation"
        done = await driver.post(f"{SETUPS}/{made['id']}/confirm")
        assert done["status"] == "succeeded"
        status, said, _ = await driver.send("POST", f"{SETUPS}/{made['id']}/confirm")
        assert (status, said["error"]["code"]) == (400, "setup_intent_unexpected_state")
        waits = await driver.post(
            SETUPS,
            {"customer": buyer["id"], "payment_method": ASKS, "confirm": "true",
             "return_url": AWAY},
        )  # fmt: skip
        assert waits["status"] == "requires_action"
        page = waits["next_action"]["redirect_to_url"]["url"]
        back = await driver.redirect(page, {"action": "approve"})
        assert back == (
            f"{AWAY}?setup_intent={waits['id']}"
            f"&setup_intent_client_secret={waits['client_secret']}&redirect_status=succeeded"
        )
        assert (await driver.get(f"{SETUPS}/{waits['id']}"))["status"] == "succeeded"
        assert len((await driver.get(f"{SETUPS}?customer={buyer['id']}"))["data"]) == 2
        await every_event_is_as_described(driver)


async def test_a_setup_intent_that_is_given_up_stays_so() -> None:
    async with running() as driver:
        made = await driver.post(SETUPS, {"usage": "on_session"})
        gone = await driver.post(
            f"{SETUPS}/{made['id']}/cancel", {"cancellation_reason": "abandoned"}
        )
        assert (gone["status"], gone["cancellation_reason"]) == ("canceled", "abandoned")
        status, _, _ = await driver.send("POST", f"{SETUPS}/{made['id']}/confirm")
        assert status == 400
        assert "setup_intent.canceled" in await kinds(driver)


async def test_a_link_that_nobody_made_leads_nowhere() -> None:
    async with running() as driver:
        for path in ("checkout", "bank"):
            assert (await driver.page(f"{driver.url}/p/{path}/unknown"))[0] == 404
