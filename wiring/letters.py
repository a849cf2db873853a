"""The way of letters: a mailer for each stream."""

from email.utils import parseaddr

from adapters.email.mailer import SmtpMailer
from adapters.email.streams import StreamedMailer
from adapters.postgres.sending import PostgresIdentities
from application.ports.mailer import Stream
from wiring.composition import Ground, box_of


def mailer_of(here: Ground) -> StreamedMailer:
    """Reminders have a server and a sender of their own, where these are set."""
    settings = here.settings
    ways = {
        Stream.REMINDERS: (
            settings.smtp_reminders_url or settings.smtp_url,
            settings.mail_reminders_from or settings.mail_from,
        ),
        Stream.ANSWERS: (settings.smtp_url, settings.mail_from),
    }
    answers = parseaddr(settings.mail_answers)[1]
    identities = PostgresIdentities(here.pools.system, box_of(settings))
    return StreamedMailer(
        {
            stream: SmtpMailer(url, sender, here.clock, identities=identities, answers=answers)
            for stream, (url, sender) in ways.items()
        }
    )
