"""Working through tasks in a real browser: by choosing and by keyboard, with and without script."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.server import Served, served
from tests.browser.test_pages import AUDIT, sign_in

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
PAGES = ("/tasks", "/tasks?show=done", "/tasks/at-risk", "/settings/tasks")


@pytest.fixture(scope="module")
def site() -> Iterator[Served]:
    """One of its own: what is changed here is seen nowhere else."""
    with served() as running:
        yield running


@pytest.fixture
async def page(context: BrowserContext, site: Served, complaints: Complaints) -> Page:
    """Mara, signed in, on her tasks."""
    opened = await context.new_page()
    complaints.listen(opened)
    await sign_in(opened, site)
    await opened.goto(f"{site.url}/tasks")
    return opened


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_are_well_made(
    browser: Browser, site: Served, complaints: Complaints, size: dict[str, int], scheme: str
) -> None:
    context = await browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    complaints.listen(page)
    await sign_in(page, site)
    for path in PAGES:
        await page.goto(f"{site.url}{path}")
        assert await page.evaluate(AUDIT) == [], path
    await context.close()


async def test_choosing_a_colleague_gives_the_task_away_at_once(page: Page) -> None:
    line = page.locator("li.task", has_text="called a letter spam")
    await line.get_by_role("combobox").select_option(label="You")
    await expect(page.locator(".tabs")).to_contain_text("Mine 1")
    await expect(line.get_by_role("combobox")).to_have_value(
        await line.locator("option", has_text="You").get_attribute("value") or ""
    )
    await line.get_by_role("combobox").select_option(label="Nobody")
    await expect(page.locator(".tabs")).to_contain_text("Mine 0")


async def test_done_takes_it_off_the_list_and_out_of_the_count(page: Page, site: Served) -> None:
    count, line = page.locator("#tasks-count"), page.locator("li.task", has_text="acct_1Acme")
    before = await count.inner_text()
    await line.get_by_role("button", name="Done").focus()
    await page.keyboard.press("Enter")
    await expect(line).to_have_count(0)
    await expect(count).not_to_have_text(before)
    await page.goto(f"{site.url}/tasks?show=done")
    again = page.locator("li.task", has_text="acct_1Acme")
    await again.get_by_role("button", name="Open again").click()
    await expect(again).to_have_count(0)
    await expect(count).to_have_text(before)


async def test_a_part_stays_while_somebody_chooses_in_it(page: Page, site: Served) -> None:
    select = page.locator("li.task").first.get_by_role("combobox")
    await select.focus()
    await select.evaluate("e => { e.dataset.mine = 'yes'; }")
    site.let_a_charge_fail("Tess Calm")
    await page.wait_for_timeout(1_500)
    assert await select.evaluate("e => e.dataset.mine") == "yes"


async def test_all_of_it_works_without_script(browser: Browser, site: Served) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, site)
    await page.goto(f"{site.url}/tasks")
    line = page.locator("li.task", has_text="called a letter spam")
    await line.get_by_role("combobox").select_option(label="You")
    await line.get_by_role("button", name="Give").click()
    await expect(page.locator(".tabs")).to_contain_text("Mine 1")
    await line.get_by_role("combobox").select_option(label="Nobody")
    await line.get_by_role("button", name="Give").click()
    await line.get_by_role("button", name="Done").click()
    await page.get_by_role("link", name="Done", exact=True).click()
    await line.get_by_role("button", name="Open again").click()
    await page.goto(f"{site.url}/tasks/at-risk")
    person = page.locator("li.task", has_text="customer4@example.com")
    await person.get_by_role("button", name="The address is right again").click()
    await expect(person).to_have_count(0)
    await context.close()
