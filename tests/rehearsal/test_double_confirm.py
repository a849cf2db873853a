"""A payment confirmed with its customer there: paid, refused, on its way, or asked about."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.rehearsal.driving import Driver, running
from tests.rehearsal.holding import every_event_is_as_described, kinds

GOOD, ASKS, REFUSED, DEBIT = (
    "pm_card_visa",
    "pm_card_authenticationRequired",
    "pm_card_visa_chargeDeclinedInsufficientFunds",
    "pm_sepaDebit_success",
)
BACK = "https://chase.example.com/paid?case=7#end"


async def owed(driver: Driver, card: str = GOOD) -> tuple[dict[str, Any], str]:
    """An open invoice, and where its payment intent is confirmed."""
    buyer = await driver.customer(card)
    made = await driver.open_invoice(buyer["id"])
    intents = await driver.get(f"/v1/payment_intents?customer={buyer['id']}")
    return made, f"/v1/payment_intents/{intents['data'][0]['id']}/confirm"


async def status_of(driver: Driver, made: dict[str, Any]) -> tuple[str, int]:
    """How the invoice stands, and how often money moved for it."""
    moved = [row for row in driver.double.ledger() if row["money_moved"]]
    return (await driver.get(f"/v1/invoices/{made['id']}"))["status"], len(moved)


@pytest.mark.parametrize("old", [False, True])
async def test_a_confirmed_intent_pays_its_invoice(old: bool) -> None:
    async with running() as driver:
        driver.old = old
        made, confirm = await owed(driver)
        intent = await driver.post(confirm, {"payment_method": GOOD})
        assert intent["status"] == "succeeded"
        assert await status_of(driver, made) == ("paid", 1)
        line = driver.double.ledger()[-1]
        assert (line["by"], line["outcome"], line["http_status"]) == ("api", "succeeded", 200)
        assert {"payment_intent.succeeded", "invoice.paid"} <= {*await kinds(driver)}
        await every_event_is_as_described(driver)


async def test_a_refusal_is_the_invoices_refusal() -> None:
    async with running() as driver:
        made, confirm = await owed(driver)
        status, said, _ = await driver.send("POST", confirm, {"payment_method": REFUSED})
        assert (status, said["error"]["decline_code"]) == (402, "insufficient_funds")
        assert await status_of(driver, made) == ("open", 0)
        after = await driver.get(f"/v1/invoices/{made['id']}")
        assert (after["attempt_count"], after["attempted"]) == (1, True)
        assert driver.double.ledger()[-1]["outcome"] == "declined"
        assert {"charge.failed", "invoice.payment_failed"} <= {*await kinds(driver)}
        await every_event_is_as_described(driver)


async def test_a_bank_debit_is_on_its_way() -> None:
    async with running() as driver:
        made, confirm = await owed(driver)
        intent = await driver.post(confirm, {"payment_method": DEBIT})
        assert intent["status"] == "processing"
        status, said, _ = await driver.send("POST", confirm, {"payment_method": GOOD})
        assert (status, said["error"]["code"]) == (400, "payment_intent_unexpected_state")
        assert driver.double.ledger()[-1]["in_flight"]
        await driver.advance(days=5)
        assert await status_of(driver, made) == ("paid", 1)
        await every_event_is_as_described(driver)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(
    ("answer", "ends", "known"),
    [("approve", ("paid", 1), "succeeded"), ("refuse", ("open", 0), "failed")],
)
async def test_a_bank_that_asks_leads_the_customer_back(
    answer: str, ends: tuple[str, int], known: str, old: bool
) -> None:
    async with running() as driver:
        driver.old = old
        made, confirm = await owed(driver)
        intent = await driver.post(confirm, {"payment_method": ASKS, "return_url": BACK})
        assert (intent["status"], intent["next_action"]["type"]) == (
            "requires_action",
            "redirect_to_url",
        )
        line = driver.double.ledger()[-1]
        assert (line["outcome"], line["http_status"]) == ("requires_action", 200)
        assert await status_of(driver, made) == ("open", 0)
        bank = intent["next_action"]["redirect_to_url"]["url"]
        status, page = await driver.page(bank)
        assert (status, "Your bank asks" in page, "19.00 USD" in page) == (200, True, True)
        where = urlsplit(await driver.redirect(bank, {"action": answer}))
        assert (where.netloc, where.path, where.fragment) == ("chase.example.com", "/paid", "end")
        assert parse_qs(where.query) == {
            "case": ["7"],
            "payment_intent": [intent["id"]],
            "payment_intent_client_secret": [intent["client_secret"]],
            "redirect_status": [known],
        }
        assert await status_of(driver, made) == ends
        before = (driver.double.ledger(), await kinds(driver))
        await driver.redirect(bank, {"action": answer})
        assert (driver.double.ledger(), await kinds(driver)) == before, "an answer counts once"
        assert "You can close this page" in (await driver.page(bank))[1]
        assert {"payment_intent.requires_action", "invoice.payment_action_required"} <= {
            *await kinds(driver)
        }
        await every_event_is_as_described(driver)


async def test_without_a_way_back_the_program_asks_itself() -> None:
    async with running() as driver:
        made, confirm = await owed(driver)
        intent = await driver.post(confirm, {"payment_method": ASKS})
        assert intent["next_action"]["type"] == "use_stripe_sdk"
        _, page = await driver.page(made["hosted_invoice_url"], {"action": "approve"})
        assert "Paid. Thank you." in page
        await every_event_is_as_described(driver)


async def test_a_page_asked_for_nothing_changes_nothing() -> None:
    async with running() as driver:
        made, confirm = await owed(driver)
        intent = await driver.post(confirm, {"payment_method": ASKS, "return_url": BACK})
        bank = intent["next_action"]["redirect_to_url"]["url"]
        assert (await driver.page(bank, {"action": "what"}))[0] == 200
        assert await status_of(driver, made) == ("open", 0)
        assert (await driver.page(f"{driver.url}/p/challenge/unknown"))[0] == 404


async def test_what_is_over_or_has_no_method_is_not_confirmed_and_the_ledger_knows() -> None:
    async with running() as driver:
        _, confirm = await owed(driver)
        status, said, _ = await driver.send("POST", confirm)
        assert (status, "missing a payment method" in said["error"]["message"]) == (400, True)
        await driver.post(confirm, {"payment_method": GOOD})
        status, said, _ = await driver.send("POST", confirm)
        assert (status, said["error"]["code"]) == (400, "payment_intent_unexpected_state")
        made, confirm = await owed(driver)
        await driver.post(f"/v1/invoices/{made['id']}/void")
        status, said, _ = await driver.send("POST", confirm, {"payment_method": GOOD})
        assert (status, said["error"]["type"]) == (400, "invalid_request_error")
        ledger = driver.double.ledger()
        refused = [row["http_status"] for row in ledger if row["outcome"] == "refused"]
        assert refused == [400, 400, 400]


async def test_another_customers_method_pays_nothing() -> None:
    async with running() as driver:
        _, confirm = await owed(driver)
        other = await driver.customer()
        theirs = other["invoice_settings"]["default_payment_method"]
        status, said, _ = await driver.send("POST", confirm, {"payment_method": theirs})
        assert (status, said["error"]["param"]) == (400, "payment_method")
        assert driver.double.verdict()["money_moved"] == 0


async def test_a_key_confirms_once_and_the_replay_is_known_for_one() -> None:
    async with running() as driver:
        made, confirm = await owed(driver)
        for _ in range(2):
            status, _, headers = await driver.send(
                "POST", confirm, {"payment_method": GOOD}, Idempotency_Key="k"
            )
            assert status == 200
        assert headers["Idempotent-Replayed"] == "true"
        line = driver.double.ledger()[-1]
        assert (line["invoice"], line["replayed"]) == (made["id"], True)
        assert await status_of(driver, made) == ("paid", 1)


async def test_to_pay_and_to_confirm_at_once_is_one_thing_asked_for_twice() -> None:
    async with running() as driver:
        made, confirm = await owed(driver)
        await driver.control("POST", "accounts", {"id": "acct_rehearsal", "latency_s": 0.3})
        answers = await asyncio.gather(
            driver.send("POST", f"/v1/invoices/{made['id']}/pay", Idempotency_Key="a"),
            driver.send("POST", confirm, {"payment_method": GOOD}, Idempotency_Key="b"),
        )
        assert sorted(status for status, _, _ in answers) == [200, 429]
        assert await status_of(driver, made) == ("paid", 1)
        assert driver.double.verdict()["two_open_calls"] == 1


async def test_pages_that_were_open_are_found_after_a_restart_on_another_port(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "double.sqlite")
    async with running(data_file=path) as driver:
        made, confirm = await owed(driver)
        asked = await driver.post(confirm, {"payment_method": ASKS, "return_url": BACK})
        session = await driver.post(
            "/v1/checkout/sessions",
            {"mode": "setup", "currency": "usd", "success_url": BACK, "customer": made["customer"]},
        )
        await driver.redirect(session["url"], {"pm": ASKS})
        was = driver.url
    async with running(data_file=path) as driver:
        after = await driver.get(f"/v1/payment_intents/{asked['id']}")
        bank = after["next_action"]["redirect_to_url"]["url"]
        assert bank.startswith(driver.url)
        assert (await driver.redirect(bank, {"action": "approve"})).startswith("https://chase.")
        assert await status_of(driver, made) == ("paid", 1)
        seen = await driver.get(f"/v1/checkout/sessions/{session['id']}")
        setup = await driver.get(f"/v1/setup_intents/{session['setup_intent']}")
        bank = setup["next_action"]["redirect_to_url"]["url"]
        assert seen["url"].startswith(driver.url)
        assert (seen["url"] + bank).count(was) == (2 if was == driver.url else 0)
        assert await driver.redirect(bank, {"action": "approve"}) == seen["url"]
        await every_event_is_as_described(driver)
