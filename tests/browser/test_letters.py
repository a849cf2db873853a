"""Letters and brand in a real browser: with a script the preview follows, without one it is asked
for; either way the same words arrive."""

from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.adapters.test_logo import drawn, written
from tests.browser.conftest import Complaints
from tests.browser.server import TOKEN, Served
from tests.browser.test_pages import AUDIT, sign_in

LETTER = "/settings/letters/payment_failed"
LOGO: Any = {"name": "logo.png", "mimeType": "image/png", "buffer": written(drawn())}


@pytest.fixture
async def page(context: BrowserContext, site: Served, complaints: Complaints) -> Page:
    """Mara, signed in."""
    opened = await context.new_page()
    complaints.listen(opened)
    await sign_in(opened, site)
    return opened


async def test_the_preview_follows_what_is_written_and_faults_say_where(
    page: Page, site: Served
) -> None:
    await page.goto(f"{site.url}{LETTER}/en")
    letter = page.frame_locator("iframe[name=preview]")
    await expect(letter.get_by_role("link", name="Pay now")).to_be_visible()
    before = await page.evaluate("history.length")
    await page.locator("#body").fill("We are sorry about {{amount}}.")
    await expect(letter.get_by_text("We are sorry about €29.00.")).to_be_visible()
    await page.locator("#body").fill("One.\nWe are {{srory}}.")
    await expect(page.get_by_text("Body, line 2, column 8")).to_be_visible()
    await expect(letter.get_by_text("We are {{srory}}.")).to_be_visible()
    await page.get_by_text("Plain text", exact=True).click()
    await expect(letter.get_by_text("Subject: Your payment of €29.00")).to_be_visible()
    assert await page.evaluate("history.length") == before
    await expect(page.get_by_role("button", name="Show")).to_be_hidden()


async def test_the_preview_has_the_width_that_was_asked_for(page: Page, site: Served) -> None:
    await page.goto(f"{site.url}{LETTER}/fr")
    frame = page.locator("iframe[name=preview]")
    letter = page.frame_locator("iframe[name=preview]")
    await expect(letter.get_by_role("link")).not_to_have_count(0)
    assert await frame.evaluate("(e) => e.clientWidth") == 390
    await page.get_by_text("Desktop", exact=True).click()
    await expect(frame).to_have_css("width", "680px")


async def test_a_script_in_the_preview_does_not_run(
    page: Page, site: Served, complaints: Complaints
) -> None:
    await page.goto(f"{site.url}{LETTER}/it")
    await page.locator("#body").fill("<script>parent.hacked = 1</script><img src=x onerror=x>")
    letter = page.frame_locator("iframe[name=preview]")
    await expect(letter.get_by_text("<script>parent.hacked = 1</script>")).to_be_visible()
    assert await page.evaluate("window.hacked") is None
    assert not complaints


@pytest.mark.parametrize("with_script", [True, False])
async def test_a_letter_is_written_used_and_taken_back(
    browser: Browser, site: Served, complaints: Complaints, with_script: bool
) -> None:
    opened = await browser.new_context(java_script_enabled=with_script)
    page = await opened.new_page()
    complaints.listen(page)
    await sign_in(page, site)
    rail = page.get_by_role("navigation", name="Main")
    await rail.get_by_role("link", name="Settings").click()
    await rail.get_by_role("link", name="Letters").click()
    await page.get_by_role("link", name="German" if with_script else "Dutch").click()
    await page.get_by_role("link", name="It is still open").click()
    await page.locator("#subject").fill("{{oops")
    await page.get_by_role("button", name="Use from now on").click()
    await expect(page.get_by_text("Subject, line 1, column 1")).to_be_visible()
    complaints[:] = [said for said in complaints if "422" not in said]
    await page.locator("#subject").fill("{{amount}} & {{merchant}}")
    if not with_script:
        await page.get_by_role("button", name="Show").click()
    letter = page.frame_locator("iframe[name=preview]")
    await expect(letter.get_by_text("& Acme Books", exact=False)).to_be_visible()
    await page.get_by_role("button", name="Use from now on").click()
    await expect(page.get_by_text("From now on letters say this.")).to_be_visible()
    await expect(page.get_by_text("In use: Version 1")).to_be_visible()
    await page.get_by_role("button", name="Send to mara@acme.example").click()
    await expect(page.get_by_text("Sent to your own address.")).to_be_visible()
    await page.get_by_role("button", name="Back to ours").click()
    await expect(page.get_by_text("In use: Ours")).to_be_visible()
    await opened.close()


@pytest.mark.parametrize("with_script", [True, False])
async def test_a_brand_is_set_seen_by_the_customer_and_taken_off(
    browser: Browser, site: Served, complaints: Complaints, with_script: bool
) -> None:
    opened = await browser.new_context(java_script_enabled=with_script)
    page = await opened.new_page()
    complaints.listen(page)
    await sign_in(page, site)
    await page.goto(f"{site.url}/settings/brand")
    await page.get_by_label("Logo").set_input_files(LOGO)
    await page.get_by_role("button", name="Use this logo").click()
    await expect(page.get_by_alt_text("Your logo")).to_be_visible()
    await page.get_by_label("Colour").fill("#ffb300")
    await page.get_by_label("A line at the foot").fill("Books since 1987")
    if not with_script:
        await page.get_by_role("button", name="Show").click()
    letter = page.frame_locator("iframe[name=preview]")
    await expect(letter.get_by_text("Books since 1987")).to_be_visible()
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_text("Letters and pages wear it")).to_be_visible()
    await page.goto(f"{site.url}/r/{TOKEN}")
    logo = page.get_by_alt_text("Acme Books")
    assert await logo.evaluate("(e) => e.complete && e.naturalWidth") == 480
    button = page.get_by_role("button", name="Pay now")
    await expect(button).to_have_css("background-color", "rgb(255, 179, 0)")
    await expect(button).to_have_css("color", "rgb(0, 0, 0)")
    await page.goto(f"{site.url}/settings/brand")
    await page.get_by_role("button", name="No logo").click()
    await page.get_by_label("Colour").fill("")
    await page.get_by_label("A line at the foot").fill("")
    await page.get_by_role("button", name="Keep").click()
    await expect(page.get_by_text("Letters and pages wear it")).to_be_visible()
    await opened.close()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_pages_about_letters_pass_our_own_audit(
    browser: Browser, site: Served, complaints: Complaints, theme: Any, width: int
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 740}, color_scheme=theme, reduced_motion="reduce"
    )
    page = await context.new_page()
    complaints.listen(page)
    await sign_in(page, site)
    await page.goto(f"{site.url}{LETTER}/pl")
    await page.locator("#body").fill(f"Words of {theme} at {width}.")
    await page.get_by_role("button", name="Keep as a draft").click()
    await page.get_by_text("Compare two versions").click()
    await page.get_by_role("button", name="Begin to compare").click()
    await expect(page.get_by_text("Too few to say")).to_be_visible()
    faults = {}
    for path in (f"{LETTER}/pl", f"{LETTER}/ja", "/settings/letters", "/settings/brand"):
        await page.goto(site.url + path)
        await page.evaluate("document.querySelectorAll('details').forEach((e) => (e.open = true))")
        faults[path] = await page.evaluate(AUDIT)
    await context.close()
    assert {path: found for path, found in faults.items() if found} == {}
