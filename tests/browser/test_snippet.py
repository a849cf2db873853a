"""The snippet in a merchant's page on another origin, under the strictest policy there is."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from application.customer_signature import signature_of
from tests.browser.conftest import Complaints
from tests.browser.server import APP_SECRET, Served
from tests.web.site import ACME

EARLY, LATE, NOBODY = "cus_in_0001", "cus_in_0003", "cus_nobody"
CLOSED_PORT = "http://127.0.0.1:9"  # nobody listens on "discard"
TITLE = "Your last payment did not go through."
HOST = "div[lang]"
# Contrast, sizes and overflow of what stands in the shadow root.
AUDIT = """() => {
  const faults = [], root = document.querySelector('div[lang]').shadowRoot;
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const l = c.slice(0, 3).map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * l[0] + .7152 * l[1] + .0722 * l[2]; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3) return c; } return null; };
  const box = root.querySelector('section, dialog');
  for (const e of box.querySelectorAll('p, h2, a, button')) {
    const a = light(parse(getComputedStyle(e).color)), b = light(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) faults.push('contrast ' + ratio.toFixed(2) + ': ' + e.textContent);
    if (e.matches('a, button') && e.getBoundingClientRect().height < 44) faults.push('small: ' + e.textContent);
  }
  const r = box.getBoundingClientRect();
  if (r.left < 0 || r.right > innerWidth || r.top < 0 || r.bottom > innerHeight) faults.push('outside');
  if (document.querySelectorAll('[style]').length || root.querySelectorAll('[style]').length) faults.push('style');
  return faults;
}"""  # noqa: E501


def address(site: Served, customer: str = EARLY, **said: str) -> str:
    """The merchant's page for one of its customers."""
    given = {
        "ours": site.url,
        "merchant": str(ACME),
        "customer": customer,
        "signature": signature_of(APP_SECRET, customer),
        **said,
    }
    return f"{site.app}/?{urlencode(given)}"


@pytest.fixture
async def page(context: BrowserContext, complaints: Complaints) -> Page:
    opened = await context.new_page()
    complaints.listen(opened)
    return opened


async def test_a_banner_leads_to_the_page_and_can_be_closed_for_a_day(
    page: Page, site: Served
) -> None:
    await page.goto(address(site))
    banner = page.get_by_role("region", name="About your payment")
    await expect(banner).to_contain_text(TITLE)
    await page.get_by_role("button", name="Work").click()  # the page goes on
    async with page.context.expect_page() as opened:
        await banner.get_by_role("link", name="Settle it now").click()
    portal = await opened.value
    await expect(portal.get_by_text("Acme Books").first).to_be_visible()
    assert await portal.evaluate("opener") is None
    await portal.close()
    await banner.get_by_role("button", name="Close").click()
    await expect(banner).to_have_count(0)
    await page.reload()
    await page.wait_for_timeout(500)
    await expect(page.locator(HOST)).to_have_count(0)


async def test_a_hard_wall_stays_by_every_key(page: Page, site: Served) -> None:
    await page.goto(address(site, LATE))
    wall = page.get_by_role("alertdialog", name=TITLE)
    await expect(wall).to_be_visible()
    link = wall.get_by_role("link", name="Settle it now")
    await expect(link).to_be_focused()
    for key in ("Escape", "Escape", "Escape", "Tab", "Tab", "Tab", "Escape"):
        await page.keyboard.press(key)
    await expect(wall).to_be_visible()
    focused = "document.querySelector('div[lang]').shadowRoot.activeElement?.textContent ?? ''"
    seen = set()
    for _ in range(5):
        await page.keyboard.press("Tab")
        seen.add(await page.evaluate(focused))
        assert await page.evaluate("document.activeElement.textContent !== 'Work'")
    assert "Settle it now" in seen
    with pytest.raises(Exception, match="Timeout"):
        await page.get_by_role("button", name="Work").click(timeout=500)


async def test_a_soft_wall_is_put_off_by_a_button_or_by_escape_for_a_day(
    page: Page, site: Served
) -> None:
    for way in ("button", "Escape"):
        await page.goto(address(site, LATE, preview="soft"))
        wall = page.get_by_role("alertdialog", name=TITLE)
        await expect(wall).to_be_visible()
        if way == "button":
            await wall.get_by_role("button", name="Not now").click()
        else:
            await page.keyboard.press("Escape")
        await expect(wall).to_have_count(0)
        await page.get_by_role("button", name="Work").click()
        await page.reload()
        await page.wait_for_timeout(400)
        await expect(page.locator(HOST)).to_have_count(0)
        yesterday = "for (const k in localStorage) localStorage[k] -= 86400001"
        await page.evaluate(yesterday)
        await page.reload()
        await expect(wall).to_be_visible()
        await page.evaluate("localStorage.clear()")


async def test_who_owes_nothing_sees_nothing_and_so_does_a_wrong_signature(
    page: Page, site: Served
) -> None:
    for wrong in (address(site, NOBODY), address(site, signature="0" * 64)):
        async with page.expect_response("**/snippet/v1/standing*") as answered:
            await page.goto(wrong)
        assert await (await answered.value).json() == {
            **dict.fromkeys(
                ["language", "label", "title", "text", "amount", "button", "later", "close",
                 "link"], ""
            ),
            "show": "none",
        }  # fmt: skip
        await expect(page.locator(HOST)).to_have_count(0)


async def test_once_it_is_settled_the_wall_is_gone_when_one_comes_back(
    page: Page, site: Served
) -> None:
    await page.goto(address(site, LATE))
    await expect(page.get_by_role("alertdialog")).to_be_visible()
    settled = {"show": "none"}

    async def answer(route: Route) -> None:
        headers = {"access-control-allow-origin": site.app}
        await route.fulfill(json=settled, headers=headers)

    await page.route("**/snippet/v1/standing*", answer)
    await asyncio.sleep(2.1)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator(HOST)).to_have_count(0)
    await page.get_by_role("button", name="Work").click()


@pytest.mark.parametrize("failing", ["script", "refused", "500", "garbage", "silence"])
async def test_when_we_are_away_the_page_goes_on_as_if_nothing_were_there(
    context: BrowserContext, site: Served, failing: str
) -> None:
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    async def fail(route: Route) -> None:
        headers = {"access-control-allow-origin": site.app}
        match failing:
            case "refused":
                await route.abort()
            case "500":
                await route.fulfill(status=500, body="no", headers=headers)
            case "garbage":
                await route.fulfill(body='{"show": "hard"}', headers=headers)
            case _:
                await asyncio.sleep(4)
                await route.abort()

    await page.route("**/snippet/v1/standing*", fail)
    said = {"ours": CLOSED_PORT} if failing == "script" else {}
    await page.goto(address(site, LATE, **said))
    await page.get_by_role("button", name="Work").click()
    await page.wait_for_timeout(4_300 if failing == "silence" else 500)
    await expect(page.locator(HOST)).to_have_count(0)
    await page.get_by_role("button", name="Work").click()
    assert errors == []
    await page.close()


async def test_a_page_that_is_not_listed_and_a_script_that_was_changed_show_nothing(
    context: BrowserContext, site: Served
) -> None:
    page = await context.new_page()
    elsewhere = address(site, LATE).replace("127.0.0.1", "localhost", 1)
    for odd in (elsewhere, address(site, LATE, integrity="sha384-" + "A" * 64)):
        await page.goto(odd)
        await page.wait_for_timeout(500)
        await expect(page.get_by_role("heading", name="My app")).to_be_visible()
        await expect(page.locator(HOST)).to_have_count(0)
    await page.close()


async def test_words_are_shown_as_words(page: Page, site: Served) -> None:
    nasty = "<img src=x onerror=alert(1)><script>alert(1)</script>"

    async def answer(route: Route) -> None:
        told = dict.fromkeys(("label", "title", "text", "amount", "button", "later"), nasty)
        body = {**told, "show": "soft", "language": "en", **leading}
        await route.fulfill(json=body, headers={"access-control-allow-origin": site.app})

    await page.route("**/snippet/v1/standing*", answer)
    leading = {"link": "https://chase.example.com/r/token"}
    await page.goto(address(site))
    wall = page.get_by_role("alertdialog")
    await expect(wall).to_contain_text("<img src=x")
    assert await wall.locator("img, script").count() == 0
    for link in ("javascript:alert(1)", "data:text/html,x", ""):
        leading["link"] = link
        await page.goto(address(site))
        await page.wait_for_timeout(300)
        await expect(page.locator(HOST)).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["banner", "soft", "hard"])
async def test_each_is_legible_on_every_screen(
    browser: Browser, site: Served, theme: Any, width: int, kind: str
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 640}, color_scheme=theme, reduced_motion="reduce",
        locale="de-DE",
    )  # fmt: skip
    page = await context.new_page()
    await page.goto(address(site, preview=kind))
    await expect(page.locator(HOST)).to_be_attached()
    assert await page.evaluate(AUDIT) == []
    moving = "document.querySelector('div[lang]').shadowRoot.getAnimations().length"
    assert await page.evaluate(moving) == 0
    await expect(page.get_by_text("Jetzt regeln")).to_be_visible()
    await context.close()
