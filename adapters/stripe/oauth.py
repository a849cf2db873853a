"""Connect's OAuth, from the platform's side. What Stripe refuses becomes a reason of ours.

Only the account's id is kept of what a code brings: calls are made with the platform's key and
`Stripe-Account`. Source: docs.stripe.com/connect/oauth-reference.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, Final

import msgspec
import structlog
from msgspec import Struct

from adapters.stripe.accounts import holder_of
from adapters.stripe.client import StripeAccess, StripeConnection
from application.ports.agreeing import Agreed, NotAgreed
from application.ports.payments import StripeUnavailable
from application.ports.stripe_accounts import Holder

SCOPE: Final = "read_write"
REFUSED: Final = "agreement_refused"
# OAuth's error codes, as RFC 6749 (5.2) and Stripe name them.
REASONS: Final = {"invalid_grant": "agreement_code", "invalid_client": "agreement_setup"}
_PLATFORM: Final = ""  # the key's own account goes by the empty name
_log = structlog.get_logger()


class _Token(Struct, frozen=True):
    stripe_user_id: str
    livemode: bool
    scope: str


class StripeOAuth:
    """Agreeing over stripe-python. `base` stands in for Stripe's addresses, api and connect."""

    def __init__(self, api_key: str, client_id: str, base: str | None = None) -> None:
        self._access = StripeAccess(api_key=api_key, own_account=_PLATFORM, base=base)
        self._client_id = client_id

    async def authorize_url(self, state: str, redirect_uri: str) -> str:
        """No request is made for it."""
        async with self._line() as line:
            client = await line.open()
            return client.oauth.authorize_url(
                {
                    "client_id": self._client_id,
                    "response_type": "code",
                    "scope": SCOPE,
                    "state": state,
                    "redirect_uri": redirect_uri,
                }
            )

    async def exchange(self, code: str) -> Agreed:
        """Raises NotAgreed, StripeUnavailable."""
        given = {"grant_type": "authorization_code", "code": code}
        body = await self._oauth("token", given)
        token = _read(body)
        return Agreed(account=token.stripe_user_id, livemode=token.livemode, scope=token.scope)

    async def holder(self, agreed: Agreed) -> Holder:
        """Raises NotAgreed, StripeUnavailable."""
        async with self._line() as line:
            body = await _ask(line, ("get", "/v1/account"), {}, account=agreed.account)
        try:
            return holder_of(body, agreed.livemode)
        except msgspec.MsgspecError:
            raise StripeUnavailable("unreadable") from None

    async def deauthorize(self, account: str) -> None:
        """Raises StripeUnavailable."""
        given = {"client_id": self._client_id, "stripe_user_id": account}
        try:
            await self._oauth("deauthorize", given)
        except NotAgreed as refusal:
            _log.info("agreement_was_gone", account=account, reason=str(refusal))

    async def _oauth(self, name: str, given: Mapping[str, str]) -> str:
        """One of the endpoints of connect.stripe.com. Its key follows from what is asked."""
        same = sha256("\n".join((name, *given.values())).encode()).hexdigest()[:32]
        asked = {**given, "base": "connect"}
        async with self._line() as line:
            return await _ask(line, ("post", f"/oauth/{name}"), asked, key=f"oauth/{same}")

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[StripeConnection]:
        line = StripeConnection(self._access)
        try:
            yield line
        finally:
            await line.close()


async def _ask(
    line: StripeConnection,
    request: tuple[str, str],
    params: Mapping[str, Any],
    *,
    account: str = _PLATFORM,
    key: str | None = None,
) -> str:
    """The answer's body. Raises NotAgreed for a refusal, StripeUnavailable for no answer."""
    try:
        return await line.call(account, request, params, key)
    except Exception as trouble:
        status = getattr(trouble, "http_status", None)
        if status not in (400, 401, 403, 404):
            raise StripeUnavailable(type(trouble).__name__) from None
        code = getattr(trouble, "code", None) or ""
        _log.warning("agreement_refused", endpoint=request[1], status=status, code=code)
    raise NotAgreed(REASONS.get(code, REFUSED))


def _read(body: str) -> _Token:
    """Raises StripeUnavailable for what is no token."""
    try:
        return msgspec.json.decode(body, type=_Token)
    except msgspec.MsgspecError:
        raise StripeUnavailable("unreadable") from None
