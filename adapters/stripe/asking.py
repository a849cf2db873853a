"""Asking Stripe for one thing. The only file that sees stripe's exceptions."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import structlog

from adapters.stripe import documents as doc
from adapters.stripe.client import StripeConnection
from adapters.stripe.refusals import DEAUTHORISED, not_allowed, word_for
from application.ports.stripe_accounts import NoCredential

if TYPE_CHECKING:
    from stripe import StripeError

Shape = TypeVar("Shape")

NO_PARAMS: Final[Mapping[str, Any]] = MappingProxyType({})
NO_ANSWER: Final = 0
RATE_LIMITED: Final = 429
_log = structlog.get_logger()


class Trouble(Exception):
    """Anything but a readable 2xx: HTTP status (NO_ANSWER without one), reason, error body."""

    def __init__(self, status: int, reason: str, error: doc.PaymentError | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.error = error or doc.PaymentError()


class Asker:
    """Over one StripeConnection, whose client is opened by the first question."""

    def __init__(self, connection: StripeConnection) -> None:
        self._connection = connection

    async def ask(
        self,
        account: str,
        request: tuple[str, str],
        shape: type[Shape],
        params: Mapping[str, Any] = NO_PARAMS,
        *,
        key: str | None = None,
    ) -> Shape:
        """The answer in its shape; raises Trouble and nothing else."""
        await self._connection.open()
        import stripe  # noqa: PLC0415 (not before a call is made: it takes half a second)

        try:
            body = await self._connection.call(account, request, params, key)
            return msgspec.json.decode(body, type=shape)
        except TimeoutError as silence:
            raise Trouble(NO_ANSWER, "timeout") from silence
        except NoCredential as stranger:  # nothing was sent
            raise Trouble(403, DEAUTHORISED) from stranger
        except stripe.StripeError as refusal:
            raise _told(refusal) from refusal
        except Exception as oddity:
            # A body in no shape of Stripe's; some of them the library itself stumbles over.
            _log.exception("stripe_unreadable")
            raise Trouble(NO_ANSWER, "unreadable") from oddity


def _told(refusal: "StripeError") -> Trouble:
    """A stripe exception as status, reason and body.

    A status counts only with Stripe's own words below it: a 404 of some proxy on the way would
    otherwise look like an invoice that is gone.
    """
    try:
        error = msgspec.json.decode(refusal.http_body or b"", type=doc.Refusal).error
    except (msgspec.MsgspecError, RecursionError):
        error = doc.PaymentError()
    status = refusal.http_status or NO_ANSWER
    if error.code in ("rate_limit", "lock_timeout"):
        return Trouble(RATE_LIMITED, error.code, error)
    if error.type is None or (status == 404 and error.code != "resource_missing"):
        return Trouble(NO_ANSWER, _silence(status))
    refused = not_allowed(status, error)
    if refused is not None:
        # A 403 whatever Stripe's status: nothing is said of the object, and nothing may be.
        return Trouble(401 if status == 401 else 403, refused, error)
    return Trouble(status, word_for(error), error)


def _silence(status: int) -> str:
    if status == NO_ANSWER:
        return "no_answer"
    return f"http_{status}" if status >= 500 else "unreadable"
