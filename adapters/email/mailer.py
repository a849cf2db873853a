"""Letters over SMTP: each is handed over at most once, over connections that are kept."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from typing import Final

import structlog
from aiosmtplib.errors import (
    SMTPConnectTimeoutError,
    SMTPDataError,
    SMTPException,
    SMTPReadTimeoutError,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from adapters.email.connections import LATER, Bounds, Connections, HungUp, Unanswered
from adapters.email.server import arguments, is_postmark, services_headers
from adapters.email.signing import signed
from adapters.email.text import literal, one_line
from application.breaker import Breaker, Patience
from application.errors import Unavailable
from application.ports.mailer import Handed, Letter, MailDeferred, MailRefused, Picture
from application.ports.sending import Identities, Identity

ENHANCED: Final = re.compile(r"5\.\d{1,3}\.\d{1,3}")
# Bad mailbox, bad system, bad syntax, moved, null MX; and a mailbox that is disabled.
DEAD: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
NO_SUCH_MAILBOX: Final = frozenset({550, 551, 553})
POLICY: Final = SMTP_POLICY.clone(cte_type="7bit")  # no server need speak 8BITMIME
# A server that takes nobody's letters is left alone, for longer each time; the letters wait.
LONGEST_ADDRESS: Final = 254  # source: RFC 5321, 4.5.3.1.3, without the brackets
FEEDBACK: Final = "chargechase"
SERVER: Final = "smtp"
NOT_THERE: Final[dict[type, str]] = {
    SMTPConnectTimeoutError: "the mail server does not answer",
    SMTPReadTimeoutError: "the mail server does not answer",
    SMTPException: "the mail server offers no TLS, or no way to sign in",
}
PATIENCE: Final = Patience(failures=10, pause_s=30.0, longest_pause_s=600.0)

_log = structlog.get_logger()


class SmtpMailer:
    """The Mailer port. `clock` stamps the letters' Date; `answers` is an address of ours that hears
    of answers, beside the merchant's own that gets them."""

    def __init__(  # noqa: PLR0913 - all but three are for tests and streams
        self,
        smtp_url: str,
        mail_from: str,
        clock: Callable[[], datetime],
        *,
        identities: Identities | None = None,
        answers: str = "",
        bounds: Bounds | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self._sender = parseaddr(mail_from)[1]
        self._clock = clock
        self._marks = services_headers(smtp_url)
        self._is_postmark = is_postmark(smtp_url)
        server = {**arguments(smtp_url), "local_hostname": self._sender.rpartition("@")[2]}
        self._connections = Connections(server, bounds or Bounds())
        self._breaker = breaker or Breaker(PATIENCE)
        self._identities = identities
        self._answers = _mailbox(answers) if answers else None

    async def send(self, letter: Letter) -> Handed:
        """Once the text is on its way, silence counts as yes: a letter that comes twice is worse
        than one that is lost."""
        who = await self._identity(letter)
        try:
            to = _mailbox(letter.to, letter.to_name)
            raw = self._compose(letter, to, who)
            if who is not None:
                raw = await asyncio.to_thread(signed, raw, who)
        except (MessageError, ValueError, IndexError) as error:  # a line break, two addresses, none
            raise MailRefused("an address or a header is not fit to be sent") from error
        if not self._breaker.may_ask(SERVER):
            raise MailDeferred("the mail server is left alone for a while")
        return await self._judged(to.addr_spec, raw, letter.message_id)

    async def close(self) -> None:
        """Say goodbye to the server."""
        await self._connections.close()

    async def _identity(self, letter: Letter) -> Identity | None:
        """Who it comes from; None: the installation, in the merchant's name."""
        if self._identities is None or letter.merchant_id is None:
            return None
        try:
            return await self._identities.of(letter.merchant_id)
        except (Unavailable, OSError) as away:
            raise MailDeferred("it is not known just now who the letter comes from") from away

    async def _judged(self, to: str, raw: bytes, message_id: str) -> Handed:
        """What came of it; and the breaker learns whether the server takes letters at all."""
        try:
            await self._handed_over(to, raw)
        except Unanswered:
            self._breaker.failed(SERVER)
            _log.warning("mail_unanswered", message_id=message_id)
            return Handed.UNANSWERED
        except (SMTPSenderRefused, SMTPRecipientRefused, SMTPDataError) as answer:
            is_theirs = isinstance(answer, SMTPRecipientRefused) and answer.code != LATER
            (self._breaker.answered if is_theirs else self._breaker.failed)(SERVER)
            raise _refusal(answer) from answer
        except (SMTPException, HungUp, OSError, ValueError) as error:
            self._breaker.failed(SERVER)
            raise MailDeferred(_told(error)) from error
        self._breaker.answered(SERVER)
        return Handed.TAKEN

    async def _handed_over(self, to: str, raw: bytes) -> None:
        """A connection that died since its last letter is no reason to give up: another is taken,
        once. Nothing of this letter's text was sent then."""
        try:
            async with self._connections.one() as connection:
                await connection.carry(self._sender, to, raw)
        except HungUp:
            async with self._connections.one(new=True) as connection:
                await connection.carry(self._sender, to, raw)

    def _compose(self, letter: Letter, to: Address, who: Identity | None = None) -> bytes:
        """ValueError if a header would hold a line break."""
        message = EmailMessage(policy=POLICY)
        sender = who.address if who else self._sender
        message["From"] = Address(literal(one_line(letter.sender_name)), addr_spec=sender)
        message["To"] = to
        if letter.reply_to:
            message["Reply-To"] = self._answers_to(_mailbox(letter.reply_to))
        message["Subject"] = literal(letter.subject.strip())
        message["Message-ID"] = f"<{letter.message_id}>"
        message["References"] = f"<{letter.thread_id}>"
        if letter.unsubscribe:
            message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        message["Date"] = format_datetime(self._clock())
        self._mark(message, letter)
        message["Auto-Submitted"] = "auto-generated"  # keeps out-of-office answers away
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        if letter.picture is not None:
            _add_picture(message, letter.picture)
        return message.as_bytes()

    def _answers_to(self, theirs: Address) -> tuple[Address, ...]:
        """The merchant gets the answer from its writer; we hear that there is one."""
        return (theirs,) if self._answers is None else (theirs, self._answers)

    def _mark(self, message: EmailMessage, letter: Letter) -> None:
        """What mail services and mailbox providers sort letters by, when they complain of some."""
        for header, value in self._marks.items():
            message[header] = value
        if self._is_postmark:
            message["X-PM-Metadata-letter"] = letter.message_id
        if letter.merchant_id is not None:  # at most four fields, the sender's own last
            message["Feedback-ID"] = f"{letter.merchant_id.hex}:{letter.stream}:{FEEDBACK}"


def _add_picture(message: EmailMessage, picture: Picture) -> None:
    """Beside the HTML that shows it (RFC 2387); no mail program lists it as a file."""
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(
        picture.png,
        maintype="image",
        subtype="png",
        cid=f"<{picture.cid}>",
        disposition="inline",
        filename="logo.png",
    )


def _mailbox(address: str, name: str | None = None) -> Address:
    """One address with its domain in ASCII; ValueError if it is none, or more than one.

    Letters of the world before the @ are refused: few servers take them, and none need to.
    """
    if len(address) > LONGEST_ADDRESS:
        raise ValueError("longer than any address")
    local, at, domain = address.rpartition("@")
    spec = local + at + domain.encode("idna").decode()
    return Address(literal(one_line(name or "")), addr_spec=spec)


def _refusal(answer: SMTPResponseException) -> Exception:
    """5xx is for good, anything else for now. Source: RFC 5321, 4.2.1."""
    if answer.code < 500:
        return MailDeferred(_told(answer))
    is_dead = isinstance(answer, SMTPRecipientRefused) and _is_dead(answer)
    return MailRefused(_told(answer), is_dead=is_dead)


def _told(error: Exception) -> str:
    """In a word or two; a server's own text may repeat the address."""
    if isinstance(error, SMTPResponseException):
        return f"SMTP {error.code}"
    return NOT_THERE.get(type(error), "no connection to the mail server")


def _is_dead(answer: SMTPRecipientRefused) -> bool:
    """Whether it is the address that is wrong, and not what we are or wrote. The enhanced code says
    which, where there is one. Sources: RFC 5321, 4.2.3; RFC 3463, 3.2 and 3.3."""
    enhanced = ENHANCED.match(answer.message)
    return enhanced[0] in DEAD if enhanced else answer.code in NO_SUCH_MAILBOX
