"""From the letter in the mailbox to a payment, as a customer does it on a phone: the whole product
runs, the mail is real, Stripe is the double. Each way twice: with JavaScript and without."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final

import httpx
import playwright.async_api
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, Request, expect

from tests.browser.conftest import Complaints
from tests.running import Running, running, wait_until

PHONE: Final = {"width": 390, "height": 844}
LINK: Final = re.compile(r"http://\S+/r/\S+")
HEAVIEST: Final = 60_000  # bytes of a customer's page with all that it loads
PATIENCE_S: Final = 30.0
PRESS_AGAIN_S: Final = 5.0  # if nothing opened
# Once all has started, six days go by in less than a minute and letters go out; then, in the middle
# of a working day everywhere west of India, nobody hurries any more.
BEGINS_AT: Final = datetime(2026, 11, 3, 13, tzinfo=UTC)
LEGS: Final = f"[[1, 22], [12000, {6 * 86_400 / 12_000}], [1, null]]"
AT_ONCE: Final = 4  # visitors
PEOPLE: Final = {
    "scene": "burst", "n": 60, "seed": 5, "spread_s": 3600, "reacts": "never",
    "mix": {"expired_card": 1, "authentication": 1, "pay_day": 2},
}  # fmt: skip
SHOTS: Final = os.environ.get("CHARGECHASE_SHOTS")  # where somebody wants to look
AWAY: Final = {"first_n": 1000, "succeed": True}


@dataclass
class Town:
    """The rehearsal's people, and who has had a turn."""

    installation: Running
    people: dict[str, dict[str, Any]]
    taken: set[str] = field(default_factory=set)

    async def somebody(
        self, temperament: str, button: str
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Of that kind, whose letter leads to a page with that button."""
        for _ in range(60):  # a machine that is busy catches up in the end
            for letter in await asyncio.to_thread(_letters, self.installation.facts["mailbox"]):
                person, link = self.people.get(letter["to"]), LINK.search(letter["text"])
                if person is None or link is None or letter["to"] in self.taken:
                    continue
                if person["temperament"] != temperament:
                    continue
                self.taken.add(letter["to"])
                if re.search(button, await _read(link[0])):
                    return person, letter
            await asyncio.sleep(1.5)
        raise AssertionError(f"nobody: {temperament}, {button}")

    def bank_says_yes(self, person: dict[str, Any]) -> None:
        """From now on every charge of theirs goes through."""
        self.installation.double("scripts", {"scope": person["customer"], "rules": [AWAY]})

    def fails_once_more(self, person: dict[str, Any]) -> None:
        """Another invoice of theirs is refused."""
        decline = {"first_n": 1000, "decline": "insufficient_funds"}
        self.installation.double("scripts", {"scope": person["customer"], "rules": [decline]})
        url, keys = self.installation.facts["stripe_double"], ("sk_test_rehearsal", "")
        with httpx.Client(base_url=url, auth=keys, timeout=PATIENCE_S) as stripe:
            buyer = {"customer": person["customer"]}
            item = {**buyer, "amount": "1250", "currency": person["currency"]}
            stripe.post("/v1/invoiceitems", data=item).raise_for_status()
            made = stripe.post("/v1/invoices", data={**buyer, "auto_advance": "true"}).json()
            stripe.post(f"/v1/invoices/{made['id']}/finalize").raise_for_status()
            assert stripe.post(f"/v1/invoices/{made['id']}/pay").status_code == 402


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.delenv("CHARGECHASE_SHOTS", raising=False)  # it is no setting of the product
    settings = {"CHARGECHASE_REHEARSAL_LEGS": LEGS, "CHARGECHASE_REHEARSAL_SCENE": "empty"}
    folder = tmp_path / "data"
    folder.mkdir()
    begins = {"virtual": BEGINS_AT.isoformat(), "hurry_ends_at": BEGINS_AT.isoformat()}
    (folder / "clock.json").write_text(json.dumps(begins))
    with running(folder, **settings) as installation:
        installation.double("seed", PEOPLE)
        slow_at = BEGINS_AT + timedelta(days=6)
        now = lambda: datetime.fromisoformat(installation.double("clock")["now"])  # noqa: E731
        wait_until(lambda: now() >= slow_at, seconds=120)
        people = {each["email"]: each for each in installation.double("people")}
        yield Town(installation, people)


def _letters(mailbox: str) -> list[dict[str, Any]]:
    """All that were sent, the newest first."""
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["id"] if found else 0
        page = httpx.get(
            f"{mailbox}/api/messages", params={"after": after}, timeout=PATIENCE_S
        ).json()["messages"]
        if not page:
            return found[::-1]
        found += page


@asynccontextmanager
async def phone(browser: Browser, heard: Complaints, *, script: bool) -> AsyncIterator[Page]:
    """A phone of somebody who reads English."""
    context = await browser.new_context(
        viewport=PHONE, locale="en-GB", java_script_enabled=script, is_mobile=True, has_touch=True
    )
    context.set_default_timeout(PATIENCE_S * 1_000)
    page = await context.new_page()
    heard.listen(page)
    yield page
    await context.close()


class Visitor:
    """Somebody who opens their letter and presses its button; what their page cost is measured."""

    def __init__(self, page: Page, town: Town, heard: Complaints) -> None:
        self.page, self.town, self.heard = page, town, heard
        self.weight = 0
        self.elsewhere: list[str] = []

    async def opens(self, letter: dict[str, Any]) -> None:
        """From the list of the mailbox through the letter to the page behind its button."""
        mailbox = self.town.installation.facts["mailbox"]
        await self.page.goto(f"{mailbox}/?to={letter['to']}")
        await self.page.locator(f"a[href='/messages/{letter['id']}']").click()
        self.page = await self._behind(self.page.frame_locator("iframe.letter").locator("a.button"))
        await self.page.wait_for_load_state()
        self.heard.listen(self.page)
        await self._weigh()

    async def _behind(self, button: Locator) -> Page:
        """The page that it opens. A sandboxed letter has a process of its own, and a browser under
        load loses clicks on one it has not drawn yet: people press again, and so does this."""
        opened = asyncio.ensure_future(self.page.context.wait_for_event("page"))
        while not opened.done():
            await button.click()
            await asyncio.wait([opened], timeout=PRESS_AGAIN_S)
        return await opened

    async def _weigh(self) -> None:
        """Once more: whatever the page asks for, and from where."""
        asked: list[Request] = []

        def note(request: Request) -> None:  # a built-in's own method is not taken
            asked.append(request)

        self.page.on("requestfinished", note)
        await self.page.goto(self.page.url)
        home = self.town.installation.facts["web"]
        for request in asked:
            if not request.url.startswith((home, "data:")):
                self.elsewhere.append(request.url)
            sizes = await request.sizes()
            self.weight += sizes["responseBodySize"] + sizes["responseHeadersSize"]

    async def presses(self, name: str | re.Pattern[str]) -> None:
        await self.page.get_by_role("button", name=name).click()

    async def unfolds(self, words: str) -> None:
        await self.page.locator("summary", has_text=words).click()

    async def reads(self, words: str) -> None:
        """Now, or once the page has come again by itself."""
        await expect(self.page.get_by_text(words)).to_be_visible(timeout=PATIENCE_S * 1_000)

    async def comes_back_until(self, link: str, words: str) -> None:
        for _ in range(60):
            await self.page.goto(link)
            if await self.page.get_by_text(words).count():
                return
            await asyncio.sleep(0.5)
        raise AssertionError(f"never read: {words}")

    async def is_shown(self, name: str) -> None:
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if SHOTS:
            await self.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


async def another_card(visitor: Visitor) -> None:
    _, letter = await visitor.town.somebody("expired_card", "Use another card")
    await visitor.opens(letter)
    await visitor.presses("Use another card")
    await visitor.presses("Save")
    await visitor.reads("This is paid")


async def another_card_with_keys(visitor: Visitor) -> None:
    _, letter = await visitor.town.somebody("expired_card", "Use another card")
    await visitor.opens(letter)
    await _goes_to(visitor.page, "Use another card")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.get_by_role("button", name="Save")).to_be_visible()
    await _goes_to(visitor.page, "Save")
    await visitor.page.keyboard.press("Enter")
    await visitor.reads("This is paid")


async def _goes_to(page: Page, name: str) -> None:
    """By the key that moves on, as often as it takes; what has the focus must show it."""
    for _ in range(30):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if (await focused.text_content() or "").strip() == name:
            style = "e => getComputedStyle(e).outlineStyle"
            assert await focused.evaluate(style) != "none"
            return
    raise AssertionError(f"no way to {name} by keyboard")


async def the_banks_word(visitor: Visitor) -> None:
    _, letter = await visitor.town.somebody("authentication", "Confirm the payment")
    await visitor.opens(letter)
    link = visitor.page.url
    await visitor.presses("Confirm the payment")
    await visitor.page.get_by_label("Visa •••• 3184").check()  # its bank asks each time
    await visitor.presses("Pay")
    await visitor.presses("Yes, it is me")
    await visitor.reads("Paid. Thank you.")
    await visitor.comes_back_until(link, "This is paid")


async def the_card_on_file(visitor: Visitor) -> None:
    person, letter = await visitor.town.somebody("pay_day", "with this card")
    visitor.town.bank_says_yes(person)
    await visitor.opens(letter)
    await visitor.presses(re.compile("^Pay .* with this card$"))
    await visitor.reads("This is paid")


async def another_day(visitor: Visitor) -> None:
    _, letter = await visitor.town.somebody("pay_day", "Charge me on another day")
    await visitor.opens(letter)
    await visitor.unfolds("Charge me on another day")
    await visitor.page.get_by_label("The day").select_option(index=1)
    await visitor.presses("Charge me then")
    await visitor.reads("We will charge this card on")


async def something_is_wrong(visitor: Visitor) -> None:
    _, letter = await visitor.town.somebody("pay_day", "Something is not right")
    await visitor.opens(letter)
    await visitor.unfolds("Something is not right?")
    await visitor.page.get_by_label("I had cancelled").check()
    await visitor.page.get_by_label("should know").fill("I left in <b>May</b>.")
    await visitor.presses(re.compile("^Tell "))
    await visitor.reads("knows and looks into it")
    await visitor.presses("All is well after all")
    await visitor.reads("Something is not right?")


async def several_invoices(visitor: Visitor) -> None:
    """Of somebody whose card has room for both: one that was refused often today has not."""
    town, one = visitor.town, re.compile("Pay .* with this card")
    while True:
        person, letter = await town.somebody("pay_day", one.pattern)
        await asyncio.to_thread(town.fails_once_more, person)
        town.bank_says_yes(person)
        link = LINK.search(letter["text"])
        assert link is not None
        page = ""
        while "What is open" not in page:
            page = await _read(link[0])
        in_all = re.search(r'class="due">.*?>([\d.]+)', page, re.DOTALL)
        charged = re.search(r"Pay ([\d.]+).* with this card", page)
        if in_all and charged and in_all[1] == charged[1]:
            break
    await visitor.opens(letter)
    assert await visitor.page.locator(".owed li").count() == 2
    await visitor.is_shown("several")
    await visitor.presses(one)
    await visitor.reads("This is paid")


async def _read(link: str) -> str:
    async with httpx.AsyncClient(headers={"accept-language": "en"}, timeout=PATIENCE_S) as reader:
        return (await reader.get(link)).text


Journey = Callable[[Visitor], Awaitable[None]]
JOURNEYS: Final[tuple[Journey, ...]] = (
    another_card, the_banks_word, the_card_on_file, another_day, something_is_wrong,
    several_invoices,
)  # fmt: skip


async def goes(browser: Browser, town: Town, journey: Journey, *, script: bool) -> str | None:
    """What went wrong on the way; None if nothing did."""
    heard = Complaints()
    async with phone(browser, heard, script=script) as page:
        visitor = Visitor(page, town, heard)
        try:
            await journey(visitor)
            await visitor.is_shown(f"{journey.__name__}-{'with' if script else 'without'}-script")
            if script:
                heard += await _against_axe(visitor.page)
        except (AssertionError, playwright.async_api.Error) as wrong:
            return f"{wrong}\n{await visitor.page.inner_text('body')}"
    assert visitor.weight
    if visitor.weight > HEAVIEST:
        heard.append(f"{visitor.weight} bytes")
    return "\n".join([*heard, *visitor.elsewhere]) or None


async def _against_axe(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [found.generate_report()] if found.violations_count else []


@pytest.mark.timeout(600)
async def test_from_the_mail_to_paid(browser: Browser, town: Town) -> None:
    door = asyncio.Semaphore(AT_ONCE)

    async def one(journey: Journey, script: bool) -> str | None:
        async with door:
            wrong = await goes(browser, town, journey, script=script)
        return f"{journey.__name__}, JavaScript {script}: {wrong}" if wrong else None

    ways = [*product(JOURNEYS, (True, False)), (another_card_with_keys, True)]
    wrong = [each for each in await asyncio.gather(*(one(*way) for way in ways)) if each]
    assert not wrong, "\n\n".join(wrong)
    verdict = town.installation.double("verdict")
    assert verdict["ok"], verdict
