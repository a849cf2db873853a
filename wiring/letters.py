"""The way of letters: a mailer for each stream."""

from adapters.email.mailer import SmtpMailer
from adapters.email.streams import StreamedMailer
from application.ports.mailer import Stream
from wiring.composition import Ground


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
    return StreamedMailer(
        {stream: SmtpMailer(url, sender, here.clock) for stream, (url, sender) in ways.items()}
    )
