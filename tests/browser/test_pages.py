"""Pages as a browser shows them: live, in both themes, on a small phone, by keyboard."""

import asyncio
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.server import TOKEN, Served
from tests.web.site import EMAIL, PASSWORD

STRIPE = "/settings/stripe"
APP, KEYS = "/settings/in-your-app", "/settings/api-keys"
SETTINGS = ("/settings", STRIPE, APP, KEYS, "/settings/links")
# Our own look for what an audit finds first: names, labels, sizes, ids, overflow, contrast.
AUDIT = """() => {
  const faults = [];
  const seen = (e) => e.checkVisibility({opacityProperty: true, visibilityProperty: true});
  const label = (e) => (e.getAttribute('aria-label') || e.textContent || e.title || '').trim();
  for (const e of document.querySelectorAll('a[href], button')) if (seen(e) && !label(e)) faults.push('no name: ' + e.outerHTML);
  for (const e of document.querySelectorAll('input:not([type=hidden])')) if (!e.labels.length) faults.push('no label: ' + e.outerHTML);
  for (const e of document.querySelectorAll('svg')) if (!e.closest('[aria-hidden=true], [aria-labelledby], [role=img]')) faults.push('svg without words: ' + e.outerHTML.slice(0, 80));
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of new Set(ids)) if (ids.filter((i) => i === id).length > 1) faults.push('id twice: ' + id);
  if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
  if (!document.querySelector('main')) faults.push('no main');
  if (!document.documentElement.lang) faults.push('no language');
  if (document.documentElement.scrollWidth > innerWidth) faults.push('wider than the window');
  for (const e of document.querySelectorAll('[style]')) faults.push('inline style: ' + e.outerHTML.slice(0, 80));
  const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
  const light = (c) => { const l = c.slice(0, 3).map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * l[0] + .7152 * l[1] + .0722 * l[2]; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const e = n.parentElement;
    if (!n.textContent.trim() || e.closest('svg, script, .sr, .skip, meter') || !seen(e)) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) faults.push('contrast ' + ratio.toFixed(2) + ': ' + n.textContent.trim().slice(0, 40));
    if (parseFloat(getComputedStyle(e).fontSize) < 12) faults.push('too small: ' + n.textContent.trim());
  }
  return faults;
}"""  # noqa: E501


async def faults_of(page: Page, *, axe: bool) -> list[str]:
    """What our own look finds, and what axe does, which takes longer."""
    faults: list[str] = await page.evaluate(AUDIT)
    if axe:
        found = await Axe().run(page)
        faults += [found.generate_report()] if found.violations_count else []
    return faults


async def sign_in(page: Page, site: Served) -> None:
    await page.goto(f"{site.url}/sign-in")
    await page.get_by_label("Mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url("**/cases")


@pytest.fixture
async def page(context: BrowserContext, site: Served, complaints: Complaints) -> Page:
    """Mara, signed in, on her list."""
    opened = await context.new_page()
    complaints.listen(opened)
    await sign_in(opened, site)
    return opened


async def test_signing_in_shows_the_cases_and_signing_out_hides_them(
    page: Page, site: Served
) -> None:
    await expect(page.get_by_role("heading", name="Cases")).to_be_visible()
    await expect(page.get_by_role("row")).to_have_count(23)
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in")
    await page.goto(f"{site.url}/cases")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_the_list_shows_a_new_case_by_itself_and_stays_where_it_was_scrolled(
    page: Page, site: Served
) -> None:
    await page.get_by_role("link", name="Customer 12").scroll_into_view_if_needed()
    before = await page.evaluate("scrollY")
    assert before > 0
    site.let_a_charge_fail("Nora Live")
    await expect(page.get_by_role("link", name="Nora Live")).to_be_visible()
    assert await page.evaluate("scrollY") >= before


async def test_news_goes_on_after_the_stream_has_ended_and_begun_anew(
    page: Page, site: Served
) -> None:
    await asyncio.sleep(4)  # longer than a stream of this server lasts
    site.let_a_charge_fail("Late Larsen")
    await expect(page.get_by_role("link", name="Late Larsen")).to_be_visible()


async def test_a_case_tells_its_line_by_pointer_and_by_keyboard(page: Page) -> None:
    await page.get_by_role("link", name="Ines Blume").click()
    await expect(page.get_by_role("heading", name="Ines Blume")).to_be_visible()
    point = page.locator(".spot.done").first
    await expect(point.locator(".tip")).to_be_hidden()
    await point.locator(".reach").hover()
    await expect(point.locator(".tip")).to_be_visible()
    await page.locator(".spot.planned").first.focus()
    await expect(page.locator(".spot.planned .tip").first).to_be_visible()
    await expect(page.get_by_role("table")).to_contain_text("Stripe charged Visa ending in 4242")


async def test_the_list_is_narrowed_and_the_way_back_leads_to_the_same_place(page: Page) -> None:
    await page.get_by_role("navigation", name="By state").get_by_text("Recovered").click()
    await page.wait_for_url("**/cases?phase=recovered")
    await page.get_by_role("link", name="Kazuo Tanaka").click()
    await expect(page.get_by_text("4\u202f800").first).to_be_visible()
    await page.locator("a[data-back]").click()
    await page.wait_for_url("**/cases?phase=recovered")


async def test_a_row_opens_with_the_keyboard_alone(page: Page) -> None:
    await page.get_by_role("link", name="Customer 3", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Customer 3")).to_be_visible()


async def test_without_a_network_the_page_stays_and_says_so(
    page: Page, context: BrowserContext, complaints: Complaints
) -> None:
    await context.set_offline(True)
    await expect(page.get_by_text("You are offline")).to_be_visible()
    await expect(page.get_by_role("link", name="Ines Blume")).to_be_visible()
    await context.set_offline(False)
    await expect(page.get_by_text("You are offline")).to_be_hidden()
    complaints[:] = [said for said in complaints if "ERR_INTERNET_DISCONNECTED" not in said]


async def test_a_fragment_that_breaks_leaves_the_page_and_offers_to_try_again(
    page: Page, site: Served, complaints: Complaints
) -> None:
    notice = '<p class="alert">Something went wrong. <a class="button" href="">Try again</a></p>'
    headers = {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}

    async def breaks(route: Any) -> None:
        await route.fulfill(status=500, body=notice, headers=headers)

    await page.route("**/cases", breaks)
    site.let_a_charge_fail("Xavier Unseen")
    await expect(page.get_by_role("link", name="Try again")).to_be_visible()
    await expect(page.get_by_role("link", name="Ines Blume")).to_be_visible()
    complaints.clear()


async def test_everything_works_without_javascript(browser: Browser, site: Served) -> None:
    plain = await browser.new_context(java_script_enabled=False)
    page = await plain.new_page()
    await sign_in(page, site)
    await page.get_by_role("link", name="Layla Haddad").click()
    await expect(page.get_by_role("heading", name="Layla Haddad")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in")
    await plain.close()


async def test_the_customers_form_may_go_on_to_another_site(
    context: BrowserContext, site: Served, complaints: Complaints
) -> None:
    page = await context.new_page()
    complaints.listen(page)
    await page.goto(f"{site.url}/r/{TOKEN}")
    await page.get_by_role("button", name="Pay now").click()
    await expect(page.get_by_role("heading", name="Stripe")).to_be_visible()
    assert page.url.startswith(site.stripe)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_pages_pass_our_own_audit_and_axe(
    browser: Browser, site: Served, complaints: Complaints, theme: Any, width: int
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 740}, color_scheme=theme, reduced_motion="reduce"
    )
    page = await context.new_page()
    complaints.listen(page)
    axe = (width, theme) in ((360, "light"), (1280, "dark"))
    faults = {}
    customers = (f"/r/{TOKEN}", f"/u/{TOKEN}")
    for path in ("/sign-in", *customers, "/cases", "/cases?phase=stopped", *SETTINGS):
        if path == "/cases":
            await sign_in(page, site)
        await page.goto(site.url + path)
        await page.evaluate("document.querySelectorAll('details').forEach((e) => (e.open = true))")
        faults[path] = await faults_of(page, axe=axe)
    for name in ("Ines Blume", "Amara Okafor-Whitfield", "Björn Lindqvist"):
        await page.goto(f"{site.url}/cases")
        await page.get_by_role("link", name=name).click()
        await expect(page.get_by_role("heading", name=name)).to_be_visible()
        faults[name] = await faults_of(page, axe=axe)
    await context.close()
    wrong = [f"{path}: {fault}" for path, found in faults.items() for fault in found]
    assert not wrong, "\n".join(wrong)


async def test_a_merchant_goes_to_stripe_agrees_and_comes_back_signed_in(
    page: Page, site: Served
) -> None:
    await page.goto(site.url + STRIPE)
    await page.get_by_role("button", name="Connect with Stripe").click()
    await page.wait_for_url(f"{site.stripe}/oauth?**")
    await page.get_by_role("link", name="Agree").click()
    await page.wait_for_url(site.url + STRIPE)
    await expect(page.get_by_role("heading", name="Acme Books")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", name="Stripe", exact=True)).to_be_visible()


@pytest.mark.parametrize(("width", "shown"), [(360, False), (1280, True)])
async def test_settings_are_reached_by_keyboard_and_without_a_script(
    browser: Browser, site: Served, width: int, shown: bool
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 740}, java_script_enabled=False
    )
    page = await context.new_page()
    await sign_in(page, site)
    rail = page.get_by_role("navigation", name="Main")
    await rail.get_by_role("link", name="Settings").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/settings")
    await expect(rail.get_by_role("link", name="Brand")).to_be_visible(visible=shown)
    await page.get_by_role("main").get_by_role("link", name="Brand").click()
    await expect(page.get_by_role("heading", name="Brand")).to_be_visible()
    up = page.get_by_role("main").get_by_role("link", name="Settings")
    await expect(up).to_be_visible(visible=not shown)
    await expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    await context.close()


async def test_an_account_is_disconnected_only_by_its_name(page: Page, site: Served) -> None:
    await page.goto(site.url + STRIPE)
    await page.get_by_text("Disconnect this account").click()
    await page.get_by_label("Type acct_acme").fill("acct_other")
    await page.get_by_role("button", name="Disconnect").click()
    await expect(page.get_by_text("Nothing was disconnected.")).to_be_visible()


async def test_on_a_phone_the_button_of_the_customers_page_is_above_the_fold(
    browser: Browser, site: Served
) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 480})
    page = await context.new_page()
    await page.goto(f"{site.url}/r/{TOKEN}")
    box = await page.get_by_role("button", name="Pay now").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 480
    await context.close()
