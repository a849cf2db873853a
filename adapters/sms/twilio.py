"""Text messages by Twilio's HTTP API."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

import httpx
import msgspec
import structlog
from msgspec import Struct

from application.ports.mailer import MailDeferred, MailRefused
from application.ports.texting import Text, TextStopped

TWILIO: Final = "https://api.twilio.com"
TIMEOUT_S: Final = 15.0
MOST_AT_ONCE: Final = 8
SERVICE: Final = "MG"  # how the id of a messaging service begins; any other sender is a number
# Source: twilio.com/docs/api/errors. Codes that are not here are added there now and then: such a
# text is refused, and nothing is held against the number.
STOPPED: Final = frozenset({21610})
DEAD: Final = frozenset({21211, 21214, 21217, 21614, 21635, 30005, 30006})
LOGIN: Final = frozenset({20003, 20005, 20006, 20403, 20404})
LIMITED: Final = frozenset({14107, 20429, 21611, 30001})
# Nothing was written to the wire: it certainly did not go.
NOT_ASKED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_log = structlog.get_logger()


class Access(Struct, frozen=True, kw_only=True):
    """Which account, and which sender: a number as E.164, a short name, or a messaging service."""

    account_sid: str
    auth_token: str
    sender: str
    base: str = TWILIO


class _Told(Struct, frozen=True):
    """An answer that is no yes."""

    code: int = 0


class TwilioTexter:
    """The Texter port. `count` is told sent, unclear, refused, stopped, deferred or login."""

    def __init__(
        self, access: Access, count: Callable[[str], None], *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._access, self._count = access, count
        self._client = httpx.AsyncClient(
            base_url=access.base,
            auth=(access.account_sid, access.auth_token),
            timeout=timeout_s,
            limits=httpx.Limits(max_connections=MOST_AT_ONCE),
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def send(self, text: Text) -> None:
        """Twilio knows no key by which a second request is the first one again: whatever may have
        been taken counts as taken, and is never sent twice."""
        path = f"/2010-04-01/Accounts/{self._access.account_sid}/Messages.json"
        try:
            answer = await self._client.post(path, data=self._form(text))
        except NOT_ASKED as error:
            self._count("deferred")
            raise MailDeferred(type(error).__name__) from error
        except httpx.HTTPError as error:
            self._unclear(text, type(error).__name__)
            return
        self._heard(text, answer)

    def _form(self, text: Text) -> dict[str, str]:
        is_service = self._access.sender.startswith(SERVICE)
        sender = "MessagingServiceSid" if is_service else "From"
        return {
            "To": text.to,
            sender: self._access.sender,
            "Body": text.body,
            "StatusCallback": text.news_url,
        }

    def _heard(self, text: Text, answer: httpx.Response) -> None:
        if answer.is_success:
            self._count("sent")
            return
        if answer.is_server_error:
            self._unclear(text, f"HTTP {answer.status_code}")
            return
        raise self._refusal(text, answer.status_code, _code_of(answer.content))

    def _refusal(self, text: Text, status: int, code: int) -> Exception:
        """The words of an answer may repeat the number: only its codes are kept."""
        told = f"Twilio {code or status}"
        if code in LOGIN or status in {401, 403, 404} or status < 400:
            _log.error("text_login_refused", message_id=text.message_id, status=status, code=code)
            self._count("login")
            return MailDeferred(told)
        if code in LIMITED or status in {408, 429}:
            self._count("deferred")
            return MailDeferred(told)
        if code in STOPPED:
            self._count("stopped")
            return TextStopped(told)
        self._count("refused")
        _log.warning("text_refused", message_id=text.message_id, status=status, code=code)
        return MailRefused(told, is_dead=code in DEAD)

    def _unclear(self, text: Text, why: str) -> None:
        self._count("unclear")
        _log.warning("text_unanswered", message_id=text.message_id, reason=why)


def _code_of(body: bytes) -> int:
    """Twilio's own code in an answer; 0 where it says none."""
    try:
        told: Any = msgspec.json.decode(body, type=_Told)
    except msgspec.MsgspecError:
        return 0
    return int(told.code)
