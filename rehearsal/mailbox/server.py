"""SMTP, pages and customers in one loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiohttp import web

from rehearsal import customers
from rehearsal.mail_store import MailStore
from rehearsal.mailbox import smtp
from rehearsal.mailbox.answers import AnswersOptions
from rehearsal.mailbox.pages import Pages
from rehearsal.twilio_double import TwilioDouble, TwilioOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxOptions:
    """Without `double_url` nobody reacts to what arrives; without `twilio` no texts do,
    and without `answers` nobody is told that somebody wrote back."""

    http_port: int
    smtp_port: int
    data_file: Path
    clock: Callable[[], datetime]
    double_url: str | None = None
    twilio: TwilioOptions | None = None
    answers: AnswersOptions | None = None


async def serve(options: MailboxOptions) -> None:
    """Run until cancelled."""
    store = MailStore(options.data_file)
    server = await smtp.listen(options.smtp_port, store, options.clock)
    texts = TwilioDouble(store, options.clock, options.twilio) if options.twilio else None
    pages = Pages(store, texts, options.answers)
    runner = web.AppRunner(pages.app(), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, smtp.LOOPBACK, options.http_port).start()
        if options.double_url is None:
            await asyncio.Event().wait()
        else:
            await customers.live(store, options.data_file, options.clock, options.double_url)
    finally:
        server.close()
        await runner.cleanup()
        store.close()
