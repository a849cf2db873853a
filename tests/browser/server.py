"""The web app over memory adapters, served by granian in a process of its own.

Run as a program it is that process; the tests tell it by a file of commands to let things happen.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from litestar import Litestar
from msgspec.structs import replace

from adapters.memory.world import HeldInApp
from application.ports.in_app import InAppSettings
from application.ports.stripe_accounts import Connection, Permission
from application.ports.suppressions import Suppression
from domain.entitlement import InApp, Wall
from domain.tasks import TaskKind
from tests.browser.merchants_app import MerchantsApp
from tests.web.site import ACME, Site
from tests.web.stories import Story
from tests.web.test_stripe_account import ACCOUNT, Desk
from tests.web.test_stripe_agreement import BACK, Agreements

ROOT: Final = Path(__file__).parents[2]
TOKEN: Final = "a-link-for-the-customer-that-nobody-can-guess"
START: Final = datetime.now(UTC)
APP_SECRET: Final = "what signs the ids of customers"
DAY: Final = timedelta(days=1)
STORIES: Final = (
    Story(invoice_id="in_0001", opened_at=START - 3 * DAY),
    Story(
        invoice_id="in_0002", opened_at=START - 9 * DAY, name="Kazuo Tanaka", email="k@example.jp",
        amount_minor=4_800, currency="jpy", answers=("insufficient_funds", "paid"),
    ),
    Story(
        invoice_id="in_0003", opened_at=START - 6 * DAY, name="Layla Haddad",
        amount_minor=12_345, currency="kwd", decline_code="expired_card",
    ),
    Story(invoice_id="in_0004", opened_at=START - 16 * DAY, name="Björn Lindqvist"),
    Story(
        invoice_id="in_0005", opened_at=START - 11 * DAY, name="Amara Okafor-Whitfield",
        amount_minor=1_249_900_00, currency="usd", decline_code="expired_card",
        new_card_at=START - 6 * DAY, answers=("paid",),
    ),
    Story(
        invoice_id="in_0006", opened_at=START - 5 * DAY, name=None, stops_at=START - 2 * DAY,
        email="quiet.customer.with.a.long.address@example.org",
    ),
    *(
        Story(
            invoice_id=f"in_1{number:03d}", opened_at=START - timedelta(hours=20 * number),
            name=f"Customer {number}", email=f"customer{number}@example.com",
            amount_minor=900 + 500 * number,
        )
        for number in range(1, 17)
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Served:
    """A running app."""

    url: str
    stripe: str  # another origin, where the customer pays
    app: str  # the merchant's own
    inbox: Path

    def let_a_charge_fail(self, name: str) -> None:
        """A new case opens while the page is being looked at."""
        self.inbox.write_text(name)


class AgreementsAt(Agreements):
    """As Stripe's page at an origin asks for them."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self.origins = origin

    async def begin(self, merchant_id: UUID, session: str) -> str:
        """Stripe's page, on the other origin."""
        back = f"{os.environ['TEST_SITE_URL']}{BACK}"
        url = await super().begin(merchant_id, session)
        state = parse_qs(urlsplit(url).query)["state"][0]
        return f"{self.origins}/oauth?{urlencode({'state': state, 'back': back})}"


def missing_and_denied() -> Connection:
    """An account of which the page has everything to say."""
    return replace(
        ACCOUNT,
        name="Acme Books",
        missing=(Permission.SUBSCRIPTIONS_WRITE, Permission.EVENTS_READ),
        denied=("cancel_subscription",),
        refused_at=START,
        endpoint_id="e1",
        endpoint_by_hand=True,
        last_event_at=START - timedelta(hours=2),
    )


def create() -> Litestar:
    """What granian serves."""
    url, inbox = os.environ["TEST_SITE_URL"], Path(os.environ["TEST_SITE_INBOX"])
    stripe, app = os.environ["TEST_SITE_STRIPE"], os.environ["TEST_SITE_APP"]
    site = Site(
        now=lambda: datetime.now(UTC),
        base_url=url,
        rehearsal=True,
        mailbox_url=f"{url}/sign-in",
        poll_s=0.1,
        stream_s=3.0,
        payment_origins=("https:", stripe),
        stripe_desk=Desk(missing_and_denied()),
        agreement_desk=AgreementsAt(stripe),
    )
    site.payment_page = f"{stripe}/i/acct_1/test_1"

    async def seed() -> None:
        await site.open_house()
        ids = [await site.tell(story) for story in STORIES]
        await site.link(TOKEN, ids[0])
        wanted = InApp(grace_days=4, shown=True, banner=True, wall=Wall.HARD)
        settings = InAppSettings(wanted=wanted, origins=(app,), secret_made_at=START)
        site.world.in_app[ACME] = HeldInApp(settings=settings, secrets=(APP_SECRET,))
        await hand_over(site, ids)
        tasks.append(asyncio.create_task(obey()))

    async def obey() -> None:
        while True:
            await asyncio.sleep(0.05)
            name = _taken(inbox)
            if name:
                fresh = Story(invoice_id=f"in_{name[:4]}", opened_at=datetime.now(UTC), name=name)
                await site.tell(fresh)

    tasks: list[asyncio.Task[None]] = []
    site.app.on_startup.append(seed)
    return site.app


async def hand_over(site: Site, ids: list[UUID]) -> None:
    """Tasks of every kind, late ones among them, and people whom no letter reaches."""
    ben = await site.hire("benedikta.von-hohenlohe@acme.example")
    await site.ask(TaskKind.LARGE_AMOUNT, ids[4], at=START - 9 * DAY)
    await site.ask(TaskKind.SOMETHING_WRONG, ids[0], about="amount", at=START - DAY)
    await site.ask(TaskKind.CONFIRM_END, ids[3], about="cancel_subscription")
    await site.ask(TaskKind.CAPABILITY_MISSING, ids[5], about="void_invoice")
    late = await site.ask(TaskKind.DEAD_ADDRESS, ids[2], subject="address:1", at=START - 8 * DAY)
    await site.parts.work_task.assign(ACME, late, ben, ben)
    await site.ask(TaskKind.COMPLAINT, ids[6], subject="address:2")
    await site.ask(
        TaskKind.CAPABILITY_MISSING,
        subject="account:acct_1AcmeBooks",
        about="events_read invoices_write",
    )
    done = await site.ask(TaskKind.LARGE_AMOUNT, ids[7], at=START - 3 * DAY)
    await site.parts.work_task.done(ACME, done, ben)
    for story, why in zip(STORIES[6:10], (*Suppression, Suppression.BOUNCED), strict=True):
        await site.silence(story.customer().email or "", why, at=START - 2 * DAY)


def _taken(inbox: Path) -> str:
    """The command that waits in the file, which is empty then."""
    name = inbox.read_text()
    if name:
        inbox.write_text("")
    return name


class StripesPage(BaseHTTPRequestHandler):
    """Somewhere else, where one pays."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        state, back = (parse_qs(urlsplit(self.path).query).get(name) for name in ("state", "back"))
        agree = (
            f"<a href='{back[0]}?code=ac_1&state={state[0]}'>Agree</a>" if state and back else ""
        )
        page = f"<!doctype html><link rel=icon href='data:,'><h1>Stripe</h1>{agree}"
        self.wfile.write(page.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def served() -> Iterator[Served]:
    """Start it, wait until it answers, and leave nothing behind."""
    stripe = ThreadingHTTPServer(("127.0.0.1", 0), StripesPage)
    app = ThreadingHTTPServer(("127.0.0.1", 0), MerchantsApp)
    for other in (stripe, app):
        threading.Thread(target=other.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        running = Served(
            url=f"http://127.0.0.1:{_free_port()}",
            stripe=f"http://127.0.0.1:{stripe.server_port}",
            app=f"http://127.0.0.1:{app.server_port}",
            inbox=Path(folder) / "inbox",
        )
        running.inbox.write_text("")
        process = _start(running, folder)
        try:
            _wait_for(running.url, process)
            yield running
        finally:
            process.terminate()
            process.wait(20)
            for other in (stripe, app):
                other.shutdown()
                other.server_close()


def _start(running: Served, folder: str) -> subprocess.Popen[bytes]:
    port = running.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--no-ws"]
    command += ["--port", port, "--workers-kill-timeout", "1", f"{__name__}:create"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TEST_SITE_URL": running.url,
        "TEST_SITE_STRIPE": running.stripe,
        "TEST_SITE_APP": running.app,
        "TEST_SITE_INBOX": str(running.inbox),
    }
    return subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health/live", timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError("the server did not answer within 30 s")
