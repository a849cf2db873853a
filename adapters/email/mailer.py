"""Letters over SMTP: a connection each, so that each letter has one clear end."""

import contextlib
import ipaddress
import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import structlog
from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from adapters.email.text import one_line
from application.ports.mailer import Letter, MailDeferred, MailRefused

TIMEOUT_S: Final = 15.0
ENHANCED: Final = re.compile(r"5\.\d{1,3}\.\d{1,3}")
# Bad mailbox, bad system, bad syntax, moved, null MX; and a mailbox that is disabled.
DEAD: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
NO_SUCH_MAILBOX: Final = frozenset({550, 551, 553})
POLICY: Final = SMTP_POLICY.clone(cte_type="7bit")  # no server need speak 8BITMIME

_log = structlog.get_logger()


class SmtpMailer:
    """The Mailer port. `clock` stamps the letters' Date."""

    def __init__(
        self,
        smtp_url: str,
        mail_from: str,
        clock: Callable[[], datetime],
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._sender = parseaddr(mail_from)[1]
        self._clock = clock
        self._server = {**_server(smtp_url), "timeout": timeout_s}
        self._server["local_hostname"] = self._sender.rpartition("@")[2]

    async def send(self, letter: Letter) -> None:
        """Once the text is handed over, silence counts as yes: a letter that comes twice is worse
        than one that is late."""
        try:
            to = _mailbox(letter.to, letter.to_name)
            raw = self._compose(letter, to)
        except (MessageError, ValueError, IndexError) as error:  # a line break, two addresses, none
            raise MailRefused("an address or a header is not fit to be sent") from error
        async with self._session() as smtp:
            await self._address(smtp, to.addr_spec)
            try:
                await smtp.data(raw)
            except (SMTPServerDisconnected, SMTPTimeoutError):
                _log.warning("mail_unanswered", message_id=letter.message_id)
            except SMTPResponseException as answer:
                raise _refusal(answer) from answer

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[SMTP]:
        smtp = SMTP(**self._server)
        try:
            await smtp.connect()
        except (SMTPException, OSError, ValueError) as error:
            raise MailDeferred(type(error).__name__) from error
        try:
            yield smtp
        finally:
            with contextlib.suppress(SMTPException, OSError):
                await smtp.quit()
            smtp.close()

    async def _address(self, smtp: SMTP, to: str) -> None:
        """MAIL and RCPT; nothing is sent yet, so whatever goes wrong here is certain."""
        try:
            await smtp.mail(self._sender)
            await smtp.rcpt(to)
        except (SMTPSenderRefused, SMTPRecipientRefused) as answer:
            raise _refusal(answer) from answer
        except (SMTPException, OSError) as error:
            raise MailDeferred(type(error).__name__) from error

    def _compose(self, letter: Letter, to: Address) -> bytes:
        """ValueError if a header would hold a line break."""
        message = EmailMessage(policy=POLICY)
        message["From"] = Address(one_line(letter.sender_name), addr_spec=self._sender)
        message["To"] = to
        if letter.reply_to:
            message["Reply-To"] = _mailbox(letter.reply_to)
        message["Subject"] = letter.subject
        message["Message-ID"] = f"<{letter.message_id}>"
        message["References"] = f"<{letter.thread_id}>"
        if letter.unsubscribe:
            message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        message["Date"] = format_datetime(self._clock())
        message["Auto-Submitted"] = "auto-generated"  # keeps out-of-office answers away
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return message.as_bytes()


def _mailbox(address: str, name: str | None = None) -> Address:
    """One address with its domain in ASCII; ValueError if it is none, or more than one.

    Letters of the world before the @ are refused: few servers take them, and none need to.
    """
    local, at, domain = address.rpartition("@")
    return Address(one_line(name or ""), addr_spec=local + at + domain.encode("idna").decode())


def _refusal(answer: SMTPResponseException | SMTPSenderRefused | SMTPRecipientRefused) -> Exception:
    """5xx is for good, anything else for now. Source: RFC 5321, 4.2.1."""
    told = f"SMTP {answer.code}"  # the text may repeat the address
    if answer.code < 500:
        return MailDeferred(told)
    return MailRefused(told, is_dead=isinstance(answer, SMTPRecipientRefused) and _is_dead(answer))


def _is_dead(answer: SMTPRecipientRefused) -> bool:
    """Whether it is the address that is wrong, and not what we are or wrote. The enhanced code says
    which, where there is one. Sources: RFC 5321, 4.2.3; RFC 3463, 3.2 and 3.3."""
    enhanced = ENHANCED.match(answer.message)
    return enhanced[0] in DEAD if enhanced else answer.code in NO_SUCH_MAILBOX


def _server(smtp_url: str) -> dict[str, Any]:
    """SMTP's arguments. A password travels only inside TLS, unless the server is this machine."""
    url = urlsplit(smtp_url)
    host = url.hostname or "localhost"
    return {
        "hostname": host,
        "port": url.port,
        "username": unquote(url.username) if url.username else None,
        "password": unquote(url.password) if url.password else None,
        "use_tls": url.scheme == "smtps",
        "start_tls": True if url.username and not _is_here(host) and url.scheme == "smtp" else None,
    }


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
