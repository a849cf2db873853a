"""The rehearsal's own processes: a Stripe on this machine, and a mailbox with its readers."""

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Mapping
from email.utils import parseaddr

from msgspec.structs import replace

from rehearsal.mailbox import AnswersOptions, MailboxOptions
from rehearsal.mailbox import serve as serve_mail
from rehearsal.stripe_double import DoubleOptions
from rehearsal.stripe_double import serve as serve_stripe
from rehearsal.twilio_double import TwilioOptions
from wiring.clock import clock_of
from wiring.logs import configure_logs
from wiring.settings import Need, Settings, load


def serve_double(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Until SIGTERM or SIGINT. The key, the secret and the clock come from the settings."""
    settings = load(environ, Need.RUN)
    folder = options.data_dir
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    given = DoubleOptions(
        port=options.port,
        data_file=str(folder / "stripe.sqlite") if folder is not None else None,
        seed=options.seed,
        clock=settings.clock or None,
        scene=options.scene,
        webhook_url=options.webhook_url,
        webhook_secret=next(iter(settings.stripe_webhook_secrets), None),
    )
    double = _with(given, api_key=settings.stripe_api_key, size=options.size)
    asyncio.run(serve_stripe(double, lambda url: print(f"{url}  key {double.api_key}", flush=True)))
    return 0


def _with(given: DoubleOptions, *, api_key: str, size: int | None) -> DoubleOptions:
    """What nobody said keeps the double's own default."""
    said = {"api_key": api_key or None, "scene_size": size}
    return replace(given, **{name: value for name, value in said.items() if value})


def serve_mailbox(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Until SIGTERM or SIGINT."""
    settings = load(environ, Need.RUN)
    configure_logs("mailbox", settings.log_level, settings.secrets())
    asyncio.run(
        _until_asked(
            MailboxOptions(
                http_port=options.http_port,
                smtp_port=options.smtp_port,
                data_file=options.data_file,
                clock=clock_of(settings),
                double_url=options.double_url,
                twilio=_twilio(settings),
                answers=_answers(settings),
            )
        )
    )
    return 0


def _twilio(settings: Settings) -> TwilioOptions | None:
    """The account that the product uses; None if it uses none."""
    if not (settings.texts and settings.base_url):
        return None
    return TwilioOptions(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token[0],
        product_url=settings.base_url,
    )


def _answers(settings: Settings) -> AnswersOptions | None:
    """Where the product hears that somebody wrote back; None if it does not."""
    if not (settings.mail_answers and settings.postmark_webhook_secret and settings.base_url):
        return None
    return AnswersOptions(
        product_url=settings.base_url,
        secret=settings.postmark_webhook_secret,
        address=parseaddr(settings.mail_answers)[1],
    )


async def _until_asked(options: MailboxOptions) -> None:
    serving = asyncio.create_task(serve_mail(options))
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving
