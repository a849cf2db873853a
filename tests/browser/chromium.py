"""Finding a Chromium: the one named, one on the PATH, or the one that npm can fetch."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

CACHE: Final = Path(__file__).parents[2] / ".venv/chromium"
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE: Final = "@sparticuz/chromium@153.0.0"  # a whole Chromium, and it needs no root
UNPACK: Final = "import c from '@sparticuz/chromium'; console.log(await c.executablePath())"
FLAGS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING: Final = (
    "NO BROWSER: the tests in tests/browser did not run. Install Chromium, or set CHROMIUM to "
    "its path, or install npm so that it can be fetched."
)
FETCH_TIMEOUT_S: Final = 240


def find_chromium(cache: Path) -> str | None:
    """A path to a browser, or None. Fetched ones are kept in `cache`."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    return on_path or _fetched(cache)


def _fetched(cache: Path) -> str | None:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    browser = cache / "chromium"
    if browser.exists():
        return str(browser)
    cache.mkdir(parents=True, exist_ok=True)
    install = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(cache), PACKAGE]
    unpack = [node, "--input-type=module", "-e", UNPACK]
    environment = {**os.environ, "TMPDIR": str(cache)}  # it unpacks itself to $TMPDIR/chromium
    for command in (install, unpack):
        try:
            subprocess.run(
                command,
                check=True,
                capture_output=True,
                timeout=FETCH_TIMEOUT_S,
                env=environment,
                cwd=cache,
            )
        except (OSError, subprocess.SubprocessError):
            return None
    return str(browser) if browser.exists() else None
