"""Pictures of a running installation, for the README and for looking.

    python docs/make_screenshots.py .chargechase/run.json docs/screenshots [/cases ...]

Signs in with the login of `run.json` and writes one PNG for each page, theme and size of screen;
without a list of pages: the sign-in page, the cases, one case of each state, and `cases.png`
for the README.
"""

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

SCREENS: Final = {"desktop": (1280, 800), "phone": (360, 740)}
THEMES: Final = ("light", "dark")
STATES: Final = ("recovered", "waiting", "customer", "lost")
FLAGS: Final = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    options = _options()
    facts = json.loads(options.run.read_text())
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launched(playwright)
        for theme in THEMES:
            for screen in SCREENS:
                _take_all(browser, facts, options, theme, screen)
        browser.close()
    if not options.pages:
        shutil.copy(options.folder / "cases-desktop-light.png", options.folder / "cases.png")
    return 0


def launched(playwright: Playwright) -> Browser:
    """A Chromium of this machine. Exits with 1 where there is none."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        print("No Chromium found: set CHROMIUM to its path.", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="run.json of a running installation")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("pages", nargs="*", help="addresses such as /cases")
    return parser.parse_args()


def _take_all(
    browser: Browser, facts: dict[str, Any], options: argparse.Namespace, theme: Any, screen: str
) -> None:
    width, height = SCREENS[screen]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme, device_scale_factor=2
    )
    page = context.new_page()
    for name, address in _visits(page, facts, options.pages):
        page.goto(facts["web"] + address)
        page.wait_for_timeout(200)
        page.screenshot(path=options.folder / f"{name}-{screen}-{theme}.png")
    context.close()


def _visits(page: Page, facts: dict[str, Any], wanted: list[str]) -> Iterator[tuple[str, str]]:
    """Names and addresses; signed in after the first."""
    if not wanted:
        yield "sign-in", "/sign-in"
    _sign_in(page, facts)
    for address in wanted or ["/cases"]:
        yield re.sub(r"\W+", "-", address).strip("-"), address
    for state in () if wanted else STATES:
        page.goto(f"{facts['web']}/cases?phase={state}")
        rows = page.locator("table.cases tbody a")
        if rows.count():
            yield f"case-{state}", str(rows.first.get_attribute("href"))


def _sign_in(page: Page, facts: dict[str, Any]) -> None:
    page.goto(f"{facts['web']}/sign-in")
    page.get_by_label("Mail address").fill(facts["login"]["email"])
    page.get_by_label("Password").fill(facts["login"]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/cases")


if __name__ == "__main__":
    sys.exit(main())
