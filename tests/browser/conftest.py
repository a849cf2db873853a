"""A real browser in front of the real app; loud if there is none, and a failure in CI."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    async_playwright,
)

from tests.browser.chromium import FLAGS, MISSING
from tests.browser.server import Served, served

HERE = Path(__file__).parent


def chromium() -> str | None:
    """As it was found, or fetched, before the tests were collected."""
    return os.environ.get("CHROMIUM")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser these tests are taken out, and said so at the end; in CI they fail."""
    ours = [item for item in items if HERE in item.path.parents]
    if not ours or chromium() or os.environ.get("CI") == "true":
        return
    items[:] = [item for item in items if item not in ours]
    config.hook.pytest_deselected(items=ours)


@pytest.fixture(scope="session")
def site() -> Iterator[Served]:
    """The app on a port of its own, with cases behind it."""
    with served() as running:
        yield running


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    assert path is not None, MISSING
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield launched
        await launched.close()


class Complaints(list[str]):
    """What the browser had to say against us."""

    def listen(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.append(message.text)

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.append(f"{response.status} {response.url}")


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Collected while a test runs; any at its end is a failure."""
    heard = Complaints()
    yield heard
    assert not heard


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    opened = await browser.new_context(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(10_000)
    yield opened
    await opened.close()
