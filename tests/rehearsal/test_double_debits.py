"""Bank debits are on their way for days, and only then paid or sent back."""

from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal import openapi
from tests.rehearsal.driving import OLD_VERSION, Driver, running
from tests.rehearsal.holding import every_event_is_as_described, kinds, undescribed

KINDS = ("sepaDebit", "usBankAccount", "bacsDebit", "acssDebit", "auBecsDebit")


async def _debited(driver: Driver, method: str) -> dict[str, Any]:
    buyer = await driver.customer(method)
    made = await driver.open_invoice(buyer["id"])
    return await driver.post(f"/v1/invoices/{made['id']}/pay")


async def _intent(driver: Driver, billed: dict[str, Any]) -> dict[str, Any]:
    wide = await driver.get(
        f"/v1/invoices/{billed['id']}?expand[]=payments.data.payment.payment_intent"
    )
    intent: dict[str, Any] = wide["payments"]["data"][0]["payment"]["payment_intent"]
    return intent


@pytest.mark.parametrize("kind", KINDS)
async def test_a_debit_is_processing_first_and_paid_days_later(kind: str) -> None:
    async with running() as driver:
        billed = await _debited(driver, f"pm_{kind}_success")
        assert (billed["status"], billed["attempt_count"]) == ("open", 1)
        assert (await _intent(driver, billed))["status"] == "processing"
        assert "invoice.paid" not in await kinds(driver)
        await driver.advance(days=4)
        assert (await driver.get(f"/v1/invoices/{billed['id']}"))["status"] == "paid"
        seen = await kinds(driver)
        assert {"payment_intent.processing", "charge.succeeded", "invoice.paid"} <= {*seen}
        await every_event_is_as_described(driver)


@pytest.mark.parametrize(
    ("name", "failure"),
    [
        ("insufficientFunds", "insufficient_funds"),
        ("accountClosed", "account_closed"),
        ("debitNotAuthorized", "debit_not_authorized"),
    ],
)
async def test_a_debit_that_comes_back_says_why(name: str, failure: str) -> None:
    async with running() as driver:
        billed = await _debited(driver, f"pm_sepaDebit_{name}")
        await driver.advance(days=5)
        after = await driver.get(f"/v1/invoices/{billed['id']}")
        assert (after["status"], after["attempt_count"]) == ("open", 1)
        intent = await _intent(driver, billed)
        assert intent["last_payment_error"]["code"] == failure
        charge = await driver.get(f"/v1/charges/{intent['latest_charge']}")
        assert (charge["status"], charge["failure_code"]) == ("failed", failure)
        assert {"charge.failed", "invoice.payment_failed"} <= {*await kinds(driver)}
        await every_event_is_as_described(driver)


async def test_the_script_decides_how_long_a_debit_takes_and_how_it_ends() -> None:
    async with running() as driver:
        buyer = await driver.customer("pm_usBankAccount_success")
        rule = {"first_n": 1, "decline": "insufficient_funds", "settles_after_s": 3_600}
        await driver.control("POST", "scripts", {"scope": buyer["id"], "rules": [rule]})
        made = await driver.open_invoice(buyer["id"])
        pay = f"/v1/invoices/{made['id']}/pay"
        await driver.post(pay)
        await driver.advance(hours=2)
        assert "invoice.payment_failed" in await kinds(driver)
        await driver.post(pay)
        await driver.advance(days=4)
        assert (await driver.get(f"/v1/invoices/{made['id']}"))["status"] == "paid"
        verdict = driver.double.verdict()
        assert (verdict["ok"], verdict["money_moved"], verdict["debits_begun"]) == (True, 1, 2)


async def test_nothing_pays_or_voids_an_invoice_while_its_debit_is_on_the_way() -> None:
    async with running() as driver:
        billed = await _debited(driver, "pm_bacsDebit_success")
        for do in ("pay", "void"):
            status, said, _ = await driver.send("POST", f"/v1/invoices/{billed['id']}/{do}")
            assert (status, "processing" in said["error"]["message"]) == (400, True)
        _, text = await driver.page(billed["hosted_invoice_url"])
        assert "Bank account •••• 5678" in text
        _, text = await driver.page(billed["hosted_invoice_url"], {"pm": "pm_card_visa"})
        assert "processing" in text
        assert driver.double.verdict()["attempts_while_processing"] == 1


async def test_a_debit_on_its_way_survives_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "double.sqlite")
    async with running(data_file=path) as driver:
        billed = await _debited(driver, "pm_sepaDebit_success")
    async with running(data_file=path) as driver:
        await driver.advance(days=4)
        assert (await driver.get(f"/v1/invoices/{billed['id']}"))["status"] == "paid"


async def test_a_renewal_by_debit_stays_active_until_the_debit_comes_back() -> None:
    async with running() as driver:
        buyer = await driver.customer("pm_sepaDebit_insufficientFunds")
        made = await driver.subscription(buyer["id"])
        assert made["status"] == "active"
        await driver.advance(days=5)
        assert (await driver.get(f"/v1/subscriptions/{made['id']}"))["status"] == "past_due"


async def test_stripe_tries_a_debit_again_twice_and_only_for_want_of_money() -> None:
    async with running() as driver:
        for name, debits in (("insufficientFunds", 3), ("accountClosed", 1)):
            buyer = await driver.customer(f"pm_usBankAccount_{name}")
            await driver.subscription(buyer["id"])
            await driver.advance(days=25)
            charges = await driver.get(f"/v1/charges?customer={buyer['id']}")
            assert len(charges["data"]) == debits


async def test_a_bank_account_is_made_by_the_api_with_a_mandate_that_can_end() -> None:
    async with running() as driver:
        made = await driver.post(
            "/v1/payment_methods",
            {
                "type": "sepa_debit",
                "sepa_debit": {"iban": "DE89 3704 0044 0532 0130 00"},
                "billing_details": {"name": "Ada", "email": "ada@example.com"},
            },
        )
        assert made["sepa_debit"]["last4"] == "3000"
        buyer = await driver.customer()
        await driver.post(f"/v1/payment_methods/{made['id']}/attach", {"customer": buyer["id"]})
        await driver.control("POST", "mandates", {"payment_method": made["id"]})
        events = await driver.get("/v1/events?type=mandate.updated")
        given = events["data"][0]["data"]["object"]
        assert given["status"] == "inactive"
        openapi.check_object(await undescribed(driver, f"/v1/mandates/{given['id']}"), old=False)
        open_one = await driver.open_invoice(buyer["id"])
        pay = f"/v1/invoices/{open_one['id']}/pay"
        await driver.post(pay, {"payment_method": made["id"]})
        await driver.advance(days=5)
        charge = (await driver.get(f"/v1/charges?customer={buyer['id']}"))["data"][0]
        assert charge["failure_code"] == "debit_not_authorized"


async def test_a_bank_account_without_its_number_is_refused() -> None:
    async with running() as driver:
        for kind in ("bacs_debit", "boleto"):
            status, _, _ = await driver.send("POST", "/v1/payment_methods", {"type": kind})
            assert status == 400


@pytest.mark.parametrize("kind", KINDS)
async def test_a_debit_is_valid_in_the_old_shape_too(kind: str) -> None:
    async with running() as driver:
        driver.old = True
        billed = await _debited(driver, f"pm_{kind}_success")
        assert (billed["paid"], OLD_VERSION[:4]) == (False, "2023")
        await driver.get(f"/v1/payment_intents/{billed['payment_intent']}")
        await driver.get(f"/v1/charges/{billed['charge']}")
