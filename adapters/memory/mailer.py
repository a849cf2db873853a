"""A mail server in memory."""

from application.ports.mailer import Handed, Letter, MailDeferred, MailRefused


class MemoryMailer:
    """The Mailer port. `letters` is what arrived; `refuses` are addresses that do not exist."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.refuses: set[str] = set()
        self.is_down = False
        self.is_mute = False  # takes letters and never says so

    async def send(self, letter: Letter) -> Handed:
        if self.is_down:
            raise MailDeferred("no connection")
        if letter.to in self.refuses:
            raise MailRefused("SMTP 550", is_dead=True)
        self.letters.append(letter)
        return Handed.UNANSWERED if self.is_mute else Handed.TAKEN
