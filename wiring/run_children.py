"""The children of `chargechase run`, and the environment each is given."""

import signal
import sys
from collections.abc import Mapping
from typing import Final

from rehearsal.embedded.process import Server
from wiring.answering import answers
from wiring.child import Child
from wiring.run_folder import LOOPBACK
from wiring.run_plan import RunPlan, is_given
from wiring.settings import FILE_SUFFIX, PREFIX, RUN_VARIABLES

REHEARSAL_KEY: Final = "sk_test_rehearsal"  # the one the double knows; it opens nothing else
OWNER_URL: Final = "OWNER_DATABASE_URL"
REHEARSAL_ACCOUNT: Final = "AC0123456789abcdef0123456789abcdef"
REHEARSAL_NUMBER: Final = "+15005550006"  # of Twilio's own for tests


def environ_of(plan: RunPlan) -> dict[str, str]:
    """For the owner of the database: migrations and the demo merchant."""
    environ = {name: text for name, text in plan.given.items() if name not in RUN_VARIABLES}
    for name, text in _defaults(plan).items():
        if not is_given(environ, name):
            environ[PREFIX + name] = text
    for name, text in _decided(plan).items():
        environ.pop(PREFIX + name + FILE_SUFFIX, None)
        environ[PREFIX + name] = text
    return environ


def app_environ_of(plan: RunPlan) -> dict[str, str]:
    """For the product's processes: without the owner's login."""
    environ = environ_of(plan)
    del environ[PREFIX + OWNER_URL]
    return environ


def _defaults(plan: RunPlan) -> dict[str, str]:
    defaults = {
        "BASE_URL": plan.web_url,
        "SECRET_KEYS": plan.secrets.secret_key,
        "MAIL_FROM": "ChargeChase <billing@chargechase.localhost>",
    }
    if plan.rehearsal:
        defaults["STRIPE_WEBHOOK_SECRETS"] = plan.secrets.webhook_secret
        # A rehearsed day lasts seconds: look often, and let no turn at Stripe take hours.
        defaults["POLL_INTERVAL_S"] = "0.05"
        defaults["STRIPE_CALLS_PER_S"] = "400"
    return defaults


def _decided(plan: RunPlan) -> dict[str, str]:
    """Not the person's own, even if given: no mail of a rehearsal leaves this machine."""
    decided = {
        "DATABASE_URL": plan.postgres.url(),
        OWNER_URL: plan.postgres.url(user="postgres"),
        "REDIS_URL": plan.redis.url(),
        "PORT": str(plan.port),
        "DATA_DIR": str(plan.folder.path),
    }
    if plan.clock is not None:
        decided["STRIPE_API_KEY"] = REHEARSAL_KEY
        decided["STRIPE_API_BASE"] = plan.double_url
        decided["CLOCK"] = plan.clock.clock.spec()
    if plan.mailbox:
        decided["SMTP_URL"] = f"smtp://{LOOPBACK}:{plan.ports.smtp}"
        decided["MAILBOX_URL"] = plan.mailbox_url
        decided["MAIL_ANSWERS"] = "answers@chargechase.localhost"
        decided["POSTMARK_WEBHOOK_SECRET"] = plan.secrets.mail_secret
        if plan.rehearsal or not is_given(plan.given, "TWILIO_ACCOUNT_SID"):
            decided |= _texts(plan)
    return decided


def _texts(plan: RunPlan) -> dict[str, str]:
    """The mailbox takes texts, too: none leaves this machine."""
    return {
        "TWILIO_ACCOUNT_SID": REHEARSAL_ACCOUNT,
        "TWILIO_AUTH_TOKEN": plan.secrets.twilio_token,
        "TWILIO_FROM": REHEARSAL_NUMBER,
        "TWILIO_API_BASE": plan.mailbox_url,
    }


def servers_of(plan: RunPlan) -> tuple[Child, Child]:
    """The embedded servers: Postgres first."""
    return _server(plan.postgres.server()), _server(plan.redis.server())


def migration_of(plan: RunPlan) -> Child:
    """Runs once to its end, as the owner."""
    return Child(name="migrate", argv=_command("migrate"), env=environ_of(plan))


def surroundings_of(plan: RunPlan) -> list[Child]:
    """What stands in for the world: Stripe, and the customers' mail."""
    environ = app_environ_of(plan)
    double = [_stripe_double(plan, environ)] if plan.rehearsal else []
    return double + ([_mailbox(plan, environ)] if plan.mailbox else [])


def product_of(plan: RunPlan) -> list[Child]:
    """The processes that an installation has, too."""
    environ = app_environ_of(plan)
    health = answers(LOOPBACK, plan.port, "/health/ready")
    web = Child(name="web", argv=_command("web"), env=environ, ready=health)
    return [web] + [Child(name=n, argv=_command(n), env=environ) for n in ("worker", "dispatcher")]


def _stripe_double(plan: RunPlan, environ: Mapping[str, str]) -> Child:
    """It signs with the first of the webhook secrets in its environment."""
    options = {
        "--port": str(plan.ports.stripe_double),
        "--data-dir": str(plan.folder.path / "stripe-double"),
        "--webhook-url": f"{plan.web_url}/webhooks/stripe",
        "--scene": plan.scene,
    }
    if plan.scene_size is not None:
        options["--size"] = str(plan.scene_size)
    ready = answers(LOOPBACK, plan.ports.stripe_double, "/_double/health")
    argv = _command("stripe-double", options)
    return Child(
        name="stripe-double",
        argv=argv,
        env=environ,
        ready=ready,
        orphan_signal=signal.SIGTERM,  # its ledger is the truth about money: let it write
    )


def _mailbox(plan: RunPlan, environ: Mapping[str, str]) -> Child:
    options = {
        "--http-port": str(plan.ports.mailbox),
        "--smtp-port": str(plan.ports.smtp),
        "--data-file": str(plan.folder.mail_file),
    }
    if plan.rehearsal:
        options["--double-url"] = plan.double_url
    ready = answers(LOOPBACK, plan.ports.mailbox, "/")
    return Child(name="mailbox", argv=_command("mailbox", options), env=environ, ready=ready)


def _command(name: str, options: Mapping[str, str] | None = None) -> tuple[str, ...]:
    given = (f"{flag}={value}" for flag, value in (options or {}).items())
    return (sys.executable, "-m", "wiring", name, *given)


def _server(server: Server) -> Child:
    async def ready(pid: int) -> bool:
        return server.is_ready(pid)

    return Child(
        name=server.name,
        argv=server.argv,
        prepare=server.prepare,
        ready=ready,
        stop_signal=server.stop_signal,
        orphan_signal=server.stop_signal,
        account=server.account,
    )
