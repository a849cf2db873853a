"""How the installation stands, with what became of its letters judged by its own limits."""

from functools import partial

from msgspec.structs import replace

from application.mail_gate import MailGate
from application.ports.mail_limits import LastHour, MailLimits, comes_back_too_often
from application.views import Installation
from wiring.composition import Ground
from wiring.metrics import ReadStanding
from wiring.settings import Settings


def mail_limits(settings: Settings) -> MailLimits:
    """The limits of letters, as they are set."""
    return MailLimits(
        per_minute=settings.mail_per_minute,
        per_day=settings.mail_per_day,
        per_recipient=settings.mail_per_recipient,
        dead_percent=settings.mail_dead_percent,
        complained_percent=settings.mail_complained_percent,
    )


def standing_of(here: Ground) -> ReadStanding:
    """For status, metrics and whoever else asks."""
    return partial(_read, here)


def gate_of(here: Ground) -> MailGate:
    """What every reminder of this process passes."""

    async def everybody() -> LastHour:
        return (await here.registry.mail()).all

    limits = mail_limits(here.settings)
    return MailGate(limits=limits, everybody=everybody, count=here.metrics.letter_held)


async def _read(here: Ground) -> Installation:
    limits, mail = mail_limits(here.settings), await here.registry.mail()
    return replace(
        await here.registry.standing(),
        mail_went=mail.all.went,
        mail_dead=mail.all.dead,
        mail_complained=mail.all.complained,
        mail_stopped=comes_back_too_often(mail.all, limits),
        mail_merchants_stopped=sum(comes_back_too_often(hour, limits) for hour in mail.merchants),
    )
