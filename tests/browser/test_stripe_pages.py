"""The rehearsal's Stripe pages in a real browser, on a phone: saving a card with its bank's word,
and an invoice that is paid with it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Complaints
from tests.rehearsal.driving import Driver, running

PHONE = {"width": 390, "height": 844}
ASKS = "Visa •••• 3184"


@pytest.fixture
async def stripe() -> AsyncIterator[Driver]:
    async with running() as driver:
        yield driver


@pytest.fixture(params=["light", "dark"])
async def phone(
    browser: Browser, request: pytest.FixtureRequest, complaints: Complaints
) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport=PHONE, color_scheme=request.param)
    context.set_default_timeout(10_000)
    page = await context.new_page()
    complaints.listen(page)
    yield page
    await context.close()


async def is_well_made(page: Page, name: str) -> None:
    """Nothing is wider than the phone; kept as a picture where somebody wants to look."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    folder = os.environ.get("CHARGECHASE_SHOTS")
    if folder:
        scheme = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        await page.screenshot(path=Path(folder) / f"{name}-{'dark' if scheme else 'light'}.png")


async def test_a_card_is_saved_with_its_banks_word_and_leads_back(
    stripe: Driver, phone: Page
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
    await phone.goto(session["url"])
    await is_well_made(phone, "checkout")
    await phone.get_by_label(ASKS).check()
    await phone.get_by_role("button", name="Save").click()
    await expect(phone.get_by_role("status")).to_contain_text("Your bank asks")
    await is_well_made(phone, "bank")
    await phone.get_by_role("button", name="Yes, it is me").click()
    await phone.wait_for_url(f"**done={session['id']}")
    done = await stripe.get(f"/v1/checkout/sessions/{session['id']}")
    assert done["status"] == "complete"


async def test_an_invoice_is_paid_with_the_banks_word(stripe: Driver, phone: Page) -> None:
    buyer = await stripe.customer()
    invoice = await stripe.open_invoice(buyer["id"])
    await phone.goto(invoice["hosted_invoice_url"])
    await is_well_made(phone, "invoice")
    await phone.get_by_label(ASKS).check()
    await phone.get_by_role("button", name="Pay").click()
    await phone.get_by_role("button", name="Yes, it is me").click()
    await expect(phone.get_by_role("status")).to_contain_text("Paid. Thank you.")
    await is_well_made(phone, "paid")
    assert (await stripe.get(f"/v1/invoices/{invoice['id']}"))["status"] == "paid"
