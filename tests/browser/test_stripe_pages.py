"""The rehearsal's Stripe pages in a real browser, on a phone and on a desk: saving a card with its
bank's word, and an invoice that is paid with it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Complaints
from tests.rehearsal.driving import Driver, running

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
ASKS = "Visa •••• 3184"


@pytest.fixture
async def stripe() -> AsyncIterator[Driver]:
    async with running() as driver:
        yield driver


@pytest.fixture(params=[(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")])
async def screen(
    browser: Browser, request: pytest.FixtureRequest, complaints: Complaints
) -> AsyncIterator[Page]:
    size, scheme = request.param
    context = await browser.new_context(viewport=size, color_scheme=scheme)
    context.set_default_timeout(10_000)
    page = await context.new_page()
    complaints.listen(page)
    yield page
    await context.close()


async def is_well_made(page: Page, name: str) -> None:
    """Nothing is wider than the screen; kept as a picture where somebody wants to look."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    folder = os.environ.get("CHARGECHASE_SHOTS")
    if folder:
        scheme = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        width = await page.evaluate("innerWidth")
        kept = Path(folder) / f"{name}-{width}-{'dark' if scheme else 'light'}.png"
        await page.screenshot(path=kept)


async def test_a_card_is_saved_with_its_banks_word_and_leads_back(
    stripe: Driver, screen: Page
) -> None:
    buyer = await stripe.customer()
    invoice = await stripe.open_invoice(buyer["id"])
    thanks = f"{invoice['hosted_invoice_url']}?done={{CHECKOUT_SESSION_ID}}"
    session = await stripe.post(
        "/v1/checkout/sessions",
        {
            "mode": "setup",
            "customer": buyer["id"],
            "payment_method_types": ["card"],
            "success_url": thanks,
        },
    )
    await screen.goto(session["url"])
    await is_well_made(screen, "checkout")
    await screen.get_by_label(ASKS).check()
    await screen.get_by_role("button", name="Save").click()
    await expect(screen.get_by_role("status")).to_contain_text("Your bank asks")
    await is_well_made(screen, "bank")
    await screen.get_by_role("button", name="Yes, it is me").click()
    await screen.wait_for_url(f"**done={session['id']}")
    done = await stripe.get(f"/v1/checkout/sessions/{session['id']}")
    assert done["status"] == "complete"


async def test_an_invoice_is_paid_with_the_banks_word(stripe: Driver, screen: Page) -> None:
    buyer = await stripe.customer()
    invoice = await stripe.open_invoice(buyer["id"])
    await screen.goto(invoice["hosted_invoice_url"])
    await is_well_made(screen, "invoice")
    await screen.get_by_label(ASKS).check()
    await screen.get_by_role("button", name="Pay").click()
    await screen.get_by_role("button", name="Yes, it is me").click()
    await expect(screen.get_by_role("status")).to_contain_text("Paid. Thank you.")
    await is_well_made(screen, "paid")
    assert (await stripe.get(f"/v1/invoices/{invoice['id']}"))["status"] == "paid"


async def test_a_confirmed_payment_asks_at_the_bank_and_leads_back(
    stripe: Driver, screen: Page
) -> None:
    buyer = await stripe.customer()
    invoice = await stripe.open_invoice(buyer["id"])
    intents = await stripe.get(f"/v1/payment_intents?customer={buyer['id']}")
    asked = await stripe.post(
        f"/v1/payment_intents/{intents['data'][0]['id']}/confirm",
        {
            "payment_method": "pm_card_authenticationRequired",
            "return_url": invoice["hosted_invoice_url"],
        },
    )
    await screen.goto(asked["next_action"]["redirect_to_url"]["url"])
    await is_well_made(screen, "challenge")
    await screen.get_by_role("button", name="Yes, it is me").click()
    await screen.wait_for_url("**redirect_status=succeeded")
    await expect(screen.get_by_role("status")).to_contain_text("Paid. Thank you.")


async def test_a_refused_card_is_told_and_another_one_is_taken(
    stripe: Driver, screen: Page, complaints: Complaints
) -> None:
    buyer = await stripe.customer()
    invoice = await stripe.open_invoice(buyer["id"])
    session = await stripe.post(
        "/v1/checkout/sessions",
        {
            "mode": "setup",
            "customer": buyer["id"],
            "payment_method_types": ["card", "sepa_debit"],
            "success_url": f"{invoice['hosted_invoice_url']}?done={{CHECKOUT_SESSION_ID}}",
        },
    )
    await screen.goto(session["url"])
    await screen.get_by_label("insufficient funds").check()
    await screen.get_by_role("button", name="Save").click()
    await expect(screen.get_by_role("alert")).to_be_visible()
    await is_well_made(screen, "refused")
    assert all("402" in each for each in complaints), complaints  # the refusal itself
    complaints.clear()
    await screen.get_by_label("SEPA debit").check()
    await screen.get_by_role("button", name="Save").click()
    await screen.wait_for_url(f"**done={session['id']}")
