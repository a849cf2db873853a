"""A carrier of text messages in memory."""

from application.ports.mailer import MailDeferred, MailRefused
from application.ports.texting import Text, TextStopped


class MemoryTexter:
    """The Texter port. `texts` is what went; no mobile has the numbers in `refuses`, and those in
    `stopped` have answered STOP."""

    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.refuses: set[str] = set()
        self.stopped: set[str] = set()
        self.is_down = False

    async def send(self, text: Text) -> None:
        if self.is_down:
            raise MailDeferred("no connection")
        if text.to in self.stopped:
            raise TextStopped("STOP")
        if text.to in self.refuses:
            raise MailRefused("no such number", is_dead=True)
        self.texts.append(text)
