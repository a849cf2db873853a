"""3D Secure on the hosted page: the bank asks, the customer answers, and only yes moves money."""

from typing import Any

from tests.rehearsal.driving import Driver, running
from tests.rehearsal.holding import every_event_is_as_described, kinds

ASKS = "pm_card_authenticationRequired"
QUESTION = "are you making this payment?"


async def asked(driver: Driver) -> dict[str, Any]:
    """An invoice whose card was charged without its customer: the bank wants to see them."""
    buyer = await driver.customer(ASKS)
    made = await driver.open_invoice(buyer["id"])
    status, said, _ = await driver.send("POST", f"/v1/invoices/{made['id']}/pay")
    assert (status, said["error"]["code"]) == (402, "invoice_payment_intent_requires_action")
    return made


async def status_of(driver: Driver, made: dict[str, Any]) -> tuple[str, int]:
    """How the invoice stands, and how often money moved for it."""
    moved = [row for row in driver.double.ledger() if row["money_moved"]]
    return (await driver.get(f"/v1/invoices/{made['id']}"))["status"], len(moved)


async def test_a_customer_who_says_yes_has_paid() -> None:
    async with running() as driver:
        made = await asked(driver)
        _, page = await driver.page(made["hosted_invoice_url"])
        assert QUESTION in page
        _, page = await driver.page(made["hosted_invoice_url"], {"action": "approve"})
        assert "Paid. Thank you." in page
        assert await status_of(driver, made) == ("paid", 1)
        assert {"payment_intent.requires_action", "invoice.payment_action_required"} <= {
            *await kinds(driver)
        }
        await every_event_is_as_described(driver)


async def test_a_customer_who_says_no_has_not_and_is_asked_for_another_card() -> None:
    async with running() as driver:
        made = await asked(driver)
        status, page = await driver.page(made["hosted_invoice_url"], {"action": "refuse"})
        assert (status, "Nothing was charged" in page, QUESTION in page) == (402, True, False)
        assert await status_of(driver, made) == ("open", 0)
        assert "payment_intent.payment_failed" in await kinds(driver)
        await every_event_is_as_described(driver)
        _, page = await driver.page(
            made["hosted_invoice_url"], {"action": "pay", "pm": "pm_card_visa"}
        )
        assert await status_of(driver, made) == ("paid", 1)


async def test_a_new_card_whose_bank_asks_is_charged_only_after_the_answer() -> None:
    async with running() as driver:
        buyer = await driver.customer("pm_card_visa_chargeDeclinedInsufficientFunds")
        made = await driver.open_invoice(buyer["id"])
        _, page = await driver.page(made["hosted_invoice_url"], {"action": "pay", "pm": ASKS})
        assert QUESTION in page
        assert await status_of(driver, made) == ("open", 0)
        await driver.page(made["hosted_invoice_url"], {"action": "approve"})
        assert await status_of(driver, made) == ("paid", 1)
        await every_event_is_as_described(driver)


async def test_an_answer_that_nobody_asked_for_does_nothing() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.open_invoice(buyer["id"])
        for answer in ("approve", "refuse"):
            await driver.page(made["hosted_invoice_url"], {"action": answer})
        assert await status_of(driver, made) == ("open", 0)
