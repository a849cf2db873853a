"""A Twilio on this machine for a test, and a product that hears what it posts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from rehearsal.mail_store import MailStore
from rehearsal.mailbox.pages import Pages
from rehearsal.twilio_double import TwilioDouble, TwilioOptions

SID, TOKEN = "AC" + "0123456789abcdef" * 2, "fedcba9876543210" * 2
SENDER = "+15005550006"
MONDAY = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)


@dataclass
class Phones:
    """The double, its store, and what the product was told."""

    url: str
    store: MailStore
    double: TwilioDouble
    session: aiohttp.ClientSession
    product_url: str = ""
    told: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    reply: str = "<Response></Response>"

    def bodies(self) -> list[str]:
        """Every text that arrived, oldest first."""
        found = [self.store.open(each.id) for each in self.store.after(0, 1_000)]
        return [mail.text.strip() for mail in found if mail is not None]

    async def plant(self, *faults: dict[str, Any]) -> None:
        """These, in the place of all others."""
        async with self.session.put("/_twilio/faults", json=list(faults)) as answer:
            assert answer.status == 204

    async def hear(self, request: web.Request) -> web.Response:
        """What the product hears."""
        given = {name: str(value) for name, value in (await request.post()).items()}
        self.told.append((str(request.url), given, request.headers["X-Twilio-Signature"]))
        return web.Response(text=self.reply, content_type="application/xml")


@contextlib.asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """On a port of its own."""
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def phones(folder: Path) -> AsyncIterator[Phones]:
    """All of it, until the block ends."""
    store, product = MailStore(folder / "texts.sqlite"), web.Application()
    heard: list[Phones] = []

    async def hear(request: web.Request) -> web.Response:
        return await heard[0].hear(request)

    product.router.add_post("/{anywhere:.*}", hear)
    async with serving(product) as product_url:
        options = TwilioOptions(account_sid=SID, auth_token=TOKEN, product_url=product_url)
        double = TwilioDouble(store, lambda: MONDAY, options)
        async with (
            serving(Pages(store, double).app()) as url,
            aiohttp.ClientSession(url) as session,
        ):
            made = Phones(url, store, double, session, product_url)
            heard.append(made)
            yield made
            await asyncio.wait_for(double.settled(), 5)
    store.close()
