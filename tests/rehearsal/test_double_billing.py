"""What Stripe does with an invoice: pays it, declines it, tries again by itself, gives up."""

from typing import Any

import pytest

from tests.rehearsal.driving import Driver, running


async def _kinds(driver: Driver) -> list[str]:
    events = await driver.get("/v1/events?limit=100")
    return [event["type"] for event in events["data"]]


async def _failing(driver: Driver, card: str) -> dict[str, Any]:
    """A renewed subscription whose invoice the card has just declined."""
    buyer = await driver.customer()
    made = await driver.subscription(buyer["id"])
    bad = await driver.post(f"/v1/payment_methods/{card}/attach", {"customer": buyer["id"]})
    await driver.post(f"/v1/subscriptions/{made['id']}", {"default_payment_method": bad["id"]})
    await driver.advance(days=30, hours=12)
    return await driver.get(f"/v1/subscriptions/{made['id']}?expand[]=latest_invoice")


async def test_a_paid_invoice_says_so_everywhere() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.open_invoice(buyer["id"])
        paid = await driver.post(f"/v1/invoices/{made['id']}/pay")
        assert (paid["status"], paid["amount_remaining"], paid["attempt_count"]) == ("paid", 0, 1)
        link = (await driver.get(f"/v1/invoice_payments?invoice={made['id']}"))["data"][0]
        intent = await driver.get(f"/v1/payment_intents/{link['payment']['payment_intent']}")
        assert (link["status"], intent["status"]) == ("paid", "succeeded")
        kinds = await _kinds(driver)
        assert {"charge.succeeded", "payment_intent.succeeded", "invoice_payment.paid"} <= {*kinds}
        assert {"invoice.paid", "invoice.payment_succeeded"} <= {*kinds}


async def test_a_decline_is_a_402_that_carries_charge_intent_and_reason() -> None:
    async with running() as driver:
        buyer = await driver.customer("pm_card_visa_chargeDeclinedInsufficientFunds")
        made = await driver.open_invoice(buyer["id"])
        status, said, headers = await driver.send("POST", f"/v1/invoices/{made['id']}/pay")
        error = said["error"]
        assert (status, error["type"], error["code"]) == (402, "card_error", "card_declined")
        assert error["decline_code"] == "insufficient_funds"
        assert error["advice_code"] == "try_again_later"
        assert error["payment_intent"]["last_payment_error"]["charge"] == error["charge"]
        assert headers["Request-Id"].startswith("req_")
        charge = await driver.get(f"/v1/charges/{error['charge']}")
        assert charge["outcome"]["network_decline_code"] == "51"
        after = await driver.get(f"/v1/invoices/{made['id']}")
        assert (after["status"], after["attempt_count"], after["attempted"]) == ("open", 1, True)
        kinds = {*await _kinds(driver)}
        assert {"charge.failed", "payment_intent.payment_failed", "invoice.payment_failed"} <= kinds


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("pay", "Invoice is already paid"),
        ("void", "Voided invoices cannot be paid."),
    ],
)
async def test_a_closed_invoice_refuses_to_be_paid(do: str, said: str) -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.open_invoice(buyer["id"])
        await driver.post(f"/v1/invoices/{made['id']}/{do}")
        status, answer, _ = await driver.send("POST", f"/v1/invoices/{made['id']}/pay")
        assert (status, answer["error"]["message"]) == (400, said)
        assert (await driver.control("GET", "verdict"))["pay_crossed_settlement"] == 1


async def test_an_invoice_without_any_card_is_a_400() -> None:
    async with running() as driver:
        buyer = await driver.post("/v1/customers", {"email": "none@example.com"})
        made = await driver.open_invoice(buyer["id"])
        status, answer, _ = await driver.send("POST", f"/v1/invoices/{made['id']}/pay")
        assert status == 400
        assert answer["error"]["type"] == "invalid_request_error"


async def test_a_written_off_invoice_may_still_be_paid() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.open_invoice(buyer["id"])
        gone = await driver.post(f"/v1/invoices/{made['id']}/mark_uncollectible")
        assert gone["status"] == "uncollectible"
        paid = await driver.post(f"/v1/invoices/{made['id']}/pay")
        assert paid["status"] == "paid"


async def test_a_subscription_renews_on_the_clock_and_is_charged() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.subscription(buyer["id"])
        await driver.advance(days=65)
        invoices = await driver.get(f"/v1/invoices?subscription={made['id']}")
        assert [each["status"] for each in invoices["data"]] == ["paid"] * 3
        reasons = [each["billing_reason"] for each in invoices["data"]]
        assert reasons == ["subscription_cycle", "subscription_cycle", "subscription_create"]
        starts = [each["lines"]["data"][0]["period"]["start"] for each in invoices["data"]]
        assert starts[0] - starts[1] in {30 * 86_400, 31 * 86_400}


async def test_a_failed_renewal_is_past_due_and_stripe_plans_its_next_try() -> None:
    async with running() as driver:
        failed = await _failing(driver, "pm_card_chargeCustomerFail")
        billed = failed["latest_invoice"]
        assert (failed["status"], billed["status"]) == ("past_due", "open")
        assert billed["next_payment_attempt"] == billed["created"] + 86_400


async def test_smart_retries_charge_eight_times_in_two_weeks_and_then_stop() -> None:
    async with running() as driver:
        failed = await _failing(driver, "pm_card_chargeCustomerFail")
        key = failed["latest_invoice"]["id"]
        await driver.advance(days=15)
        after = await driver.get(f"/v1/invoices/{key}")
        assert (after["attempt_count"], after["next_payment_attempt"]) == (9, None)
        ledger = driver.double.ledger()
        tries = [line for line in ledger if line["invoice"] == key]
        assert [line["by"] for line in tries] == ["stripe_retry"] * 9
        event = (await driver.get("/v1/events?type=invoice.payment_failed"))["data"][0]
        assert event["request"] == {"id": None, "idempotency_key": None}


async def test_a_lost_card_is_counted_on_but_not_charged_again() -> None:
    async with running() as driver:
        failed = await _failing(driver, "pm_card_visa_chargeDeclinedLostCard")
        key = failed["latest_invoice"]["id"]
        await driver.advance(days=15)
        after = await driver.get(f"/v1/invoices/{key}")
        charges = [c for c in driver.double.world.store.all("charge") if c["_invoice"] == key]
        assert (after["attempt_count"], len(charges)) == (9, 1)


async def test_an_advancing_draft_is_finalized_and_charged_after_an_hour() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        item = {"customer": buyer["id"], "amount": 1900, "currency": "usd"}
        await driver.send("POST", "/v1/invoiceitems", item)
        form = {"customer": buyer["id"], "auto_advance": True}
        made = await driver.post("/v1/invoices", form)
        assert (made["status"], made["automatically_finalizes_at"]) == (
            "draft",
            made["created"] + 3_600,
        )
        await driver.advance(hours=1)
        assert (await driver.get(f"/v1/invoices/{made['id']}"))["status"] == "paid"


async def test_an_invoice_over_nothing_is_paid_when_it_is_finalized() -> None:
    async with running() as driver:
        buyer = await driver.post("/v1/customers", {"name": "Ada"})
        made = await driver.post("/v1/invoices", {"customer": buyer["id"]})
        done = await driver.post(f"/v1/invoices/{made['id']}/finalize")
        assert (done["status"], driver.double.ledger()) == ("paid", [])


async def test_auto_advance_false_silences_stripe_and_true_brings_it_back() -> None:
    async with running() as driver:
        failed = await _failing(driver, "pm_card_chargeCustomerFail")
        path = f"/v1/invoices/{failed['latest_invoice']['id']}"
        quiet = await driver.post(path, {"auto_advance": False})
        assert quiet["next_payment_attempt"] is None
        await driver.advance(days=5)
        assert (await driver.get(path))["attempt_count"] == 1
        again = await driver.post(path, {"auto_advance": True})
        assert again["next_payment_attempt"] is not None
        await driver.advance(days=3)
        assert (await driver.get(path))["attempt_count"] > 1


async def test_our_own_tries_leave_stripes_count_and_schedule_alone() -> None:
    async with running() as driver:
        failed = await _failing(driver, "pm_card_chargeCustomerFail")
        path = f"/v1/invoices/{failed['latest_invoice']['id']}"
        before = await driver.get(path)
        status, _, _ = await driver.send("POST", f"{path}/pay")
        after = await driver.get(path)
        assert status == 402
        for name in ("attempt_count", "next_payment_attempt"):
            assert after[name] == before[name]


@pytest.mark.parametrize(
    ("end", "subscription", "invoice"),
    [
        ("cancel", "canceled", "open"),
        ("unpaid", "unpaid", "open"),
        ("uncollectible", "past_due", "uncollectible"),
        ("past_due", "past_due", "open"),
    ],
)
async def test_the_merchants_choice_ends_the_retries(
    end: str, subscription: str, invoice: str
) -> None:
    async with running() as driver:
        settings = {"id": "acct_rehearsal", "after_retries": end}
        await driver.control("POST", "accounts", settings)
        failed = await _failing(driver, "pm_card_chargeCustomerFail")
        await driver.advance(days=15)
        after = await driver.get(f"/v1/subscriptions/{failed['id']}?expand[]=latest_invoice")
        assert (after["status"], after["latest_invoice"]["status"]) == (subscription, invoice)


async def test_a_first_payment_that_fails_expires_after_23_hours() -> None:
    async with running() as driver:
        buyer = await driver.customer("pm_card_chargeCustomerFail")
        made = await driver.subscription(buyer["id"])
        assert made["status"] == "incomplete"
        await driver.advance(hours=24)
        after = await driver.get(f"/v1/subscriptions/{made['id']}?expand[]=latest_invoice")
        assert (after["status"], after["latest_invoice"]["status"]) == (
            "incomplete_expired",
            "void",
        )


async def test_cancelling_stops_stripes_collection_but_leaves_the_debt() -> None:
    async with running() as driver:
        failed = await _failing(driver, "pm_card_chargeCustomerFail")
        await driver.delete(f"/v1/subscriptions/{failed['id']}")
        after = await driver.get(f"/v1/invoices/{failed['latest_invoice']['id']}")
        assert (after["status"], after["auto_advance"]) == ("open", False)
        assert after["next_payment_attempt"] is None


async def test_a_paused_collection_voids_the_renewals_invoice() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.subscription(buyer["id"])
        pause = {"pause_collection": {"behavior": "void"}}
        await driver.post(f"/v1/subscriptions/{made['id']}", pause)
        await driver.advance(days=31)
        latest = (await driver.get(f"/v1/invoices?subscription={made['id']}"))["data"][0]
        assert latest["status"] == "void"


async def test_authentication_is_asked_for_and_given_on_the_page() -> None:
    async with running() as driver:
        failed = await _failing(driver, "pm_card_authenticationRequired")
        billed = failed["latest_invoice"]
        status, said, _ = await driver.send("POST", f"/v1/invoices/{billed['id']}/pay")
        assert status == 402
        assert said["error"]["code"] == "invoice_payment_intent_requires_action"
        assert said["error"]["payment_intent"]["status"] == "requires_action"
        assert "invoice.payment_action_required" in await _kinds(driver)
        status, page = await driver.page(billed["hosted_invoice_url"], {"pm": "on_file"})
        assert status == 200
        assert "Paid. Thank you." in page


async def test_the_customers_page_takes_a_new_card_and_makes_it_the_default() -> None:
    async with running() as driver:
        failed = await _failing(driver, "pm_card_visa_chargeDeclinedLostCard")
        url = failed["latest_invoice"]["hosted_invoice_url"]
        status, page = await driver.page(url)
        assert status == 200
        assert "29.00 USD" in page
        status, page = await driver.page(url, {"pm": "pm_card_chargeCustomerFail"})
        assert status == 402
        assert "Your card was declined." in page
        status, page = await driver.page(url, {"pm": "pm_card_visa"})
        assert status == 200
        after = await driver.get(f"/v1/subscriptions/{failed['id']}")
        buyer = await driver.get(f"/v1/customers/{after['customer']}")
        assert after["status"] == "active"
        default = buyer["invoice_settings"]["default_payment_method"]
        assert after["default_payment_method"] == default
        ledger = driver.double.ledger()
        assert (ledger[-1]["by"], ledger[-1]["money_moved"]) == ("hosted_page", True)


async def test_the_customers_page_can_cancel_the_subscription() -> None:
    async with running() as driver:
        failed = await _failing(driver, "pm_card_chargeCustomerFail")
        url = failed["latest_invoice"]["hosted_invoice_url"]
        status, page = await driver.page(url, {"action": "cancel"})
        assert status == 200
        assert "The subscription has ended." in page
        after = await driver.get(f"/v1/subscriptions/{failed['id']}")
        assert after["cancellation_details"]["reason"] == "cancellation_requested"


async def test_a_page_shows_money_in_its_own_decimals() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        for currency, amount, shown in (("jpy", 2850, "2,850 JPY"), ("kwd", 5700, "5.700 KWD")):
            item = {"customer": buyer["id"], "amount": amount, "currency": currency}
            await driver.send("POST", "/v1/invoiceitems", item)
            made = await driver.post("/v1/invoices", {"customer": buyer["id"]})
            made = await driver.post(f"/v1/invoices/{made['id']}/finalize")
            _, page = await driver.page(made["hosted_invoice_url"])
            assert shown in page


async def test_a_payment_from_outside_stripe_closes_the_invoice_without_a_charge() -> None:
    async with running() as driver:
        buyer = await driver.customer()
        made = await driver.open_invoice(buyer["id"])
        form = {"paid_out_of_band": True}
        paid = await driver.post(f"/v1/invoices/{made['id']}/pay", form)
        assert paid["status"] == "paid"
        assert (await driver.get("/v1/charges"))["data"] == []


async def test_charges_and_bills_are_listed_by_whatever_the_specification_names() -> None:
    async with running() as driver:
        ada, bea = await driver.customer(), await driver.customer()
        first = await driver.open_invoice(ada["id"])
        for billed in (first, await driver.open_invoice(bea["id"])):
            await driver.post(f"/v1/invoices/{billed['id']}/pay")
        charged = (await driver.get(f"/v1/charges?customer={ada['id']}"))["data"]
        assert [each["customer"] for each in charged] == [ada["id"]]
        intent = charged[0]["payment_intent"]
        for query, count in (
            (f"payment_intent={intent}", 1),
            (f"payment_intent={intent}&customer={bea['id']}", 0),
            ("transfer_group=order_1", 0),
            (f"created[lt]={charged[0]['created']}", 0),
            (f"created[gte]={charged[0]['created']}&limit=1", 1),
        ):
            assert len((await driver.get(f"/v1/charges?{query}"))["data"]) == count, query
        sent = {"customer": ada["id"], "collection_method": "send_invoice", "days_until_due": 5}
        made = await driver.post("/v1/invoices", sent)
        due = made["due_date"]
        for query, found in ((f"due_date={due}", [made["id"]]), (f"due_date[gt]={due}", [])):
            listed = (await driver.get(f"/v1/invoices?{query}"))["data"]
            assert [each["id"] for each in listed] == found
