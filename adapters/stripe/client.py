"""The one way out to Stripe: a client per process, opened by the first call.

Each call is made by its account's own credential: the installation's key, that key acting for an
account that agreed, or a key of the merchant's.
"""

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from msgspec import Struct

from adapters.stripe.pace import Pace, RateLimits
from adapters.stripe.refusals import DEAUTHORISED, KEY_REVOKED, refused_with
from application.breaker import Breaker, Patience
from application.ports.stripe_accounts import Credential

if TYPE_CHECKING:
    from stripe import StripeClient

    from adapters.stripe.transport import Observe, Transport

API_VERSION: Final = "2026-10-28.endive"


class StripeAccess(Struct, frozen=True, kw_only=True):
    """How to reach Stripe. `own_account` is the account that `api_key` belongs to: it is called
    without a Stripe-Account header. `base` stands in for api and connect both."""

    api_key: str
    own_account: str | None = None
    base: str | None = None
    limits: RateLimits | None = None  # those of the key's mode, unless told
    patience: Patience | None = None  # with a Stripe that does not answer
    charge_timeout_s: float = 30.0
    read_timeout_s: float = 10.0


class Keyring(Protocol):
    """Credentials that may be remembered for a while, and forgotten when Stripe does not take
    them."""

    async def of(self, account: str) -> Credential:
        """Raises NoCredential."""
        ...

    def forget(self, account: str) -> None:
        """Look it up anew next time."""
        ...


class _InstallationsKey:
    """Where only the installation's key is known, it acts for every account."""

    async def of(self, account: str) -> Credential:  # noqa: ARG002 - of any
        return Credential()

    def forget(self, account: str) -> None:
        """There is nothing else to find."""


TellRefused = Callable[[str, Credential, bool], Awaitable[None]]
"""Told (account, credential, whether Stripe refuses it) when that has changed."""


async def _untold(_account: str, _credential: Credential, _refused: bool) -> None:
    """The default: nobody wants to know."""


def _unobserved(_endpoint: str, _outcome: str, _seconds: float) -> None:
    """The default: nobody counts."""


class StripeConnection:
    """Lives on the event loop of its first call; imports `stripe` then and not before."""

    def __init__(
        self,
        access: StripeAccess,
        observe: "Observe" = _unobserved,
        keyring: Keyring | None = None,
        tell_refused: TellRefused = _untold,
    ) -> None:
        self._access = access
        self._observe = observe
        self._keyring = keyring or _InstallationsKey()
        self._tell_refused = tell_refused
        self._client: StripeClient | None = None
        self._transport: Transport | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> "StripeClient":
        """The client; the first call pays for the import, in a thread."""
        if self._client is not None:
            return self._client
        async with self._opening:
            if self._client is None:
                wire = await asyncio.to_thread(importlib.import_module, "adapters.stripe.transport")
                pace = Pace(self._access.limits or RateLimits.of_key(self._access.api_key))
                breaker = Breaker(self._access.patience)
                self._transport = wire.Transport(pace, self._observe, breaker)
                self._client = self._build(wire.stripe)
        return self._client

    def _build(self, stripe: Any) -> "StripeClient":
        base = self._access.base
        client: StripeClient = stripe.StripeClient(
            self._access.api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": base, "connect": base} if base else {},
            max_network_retries=0,
            http_client=self._transport,
        )
        return client

    async def call(
        self,
        account: str,
        request: tuple[str, str],
        params: Mapping[str, Any],
        idempotency_key: str | None = None,
    ) -> str:
        """The body of Stripe's answer to `request` (method, path); the library's own objects would
        cost as much as the call. Raises TimeoutError, stripe's errors, NoCredential.

        A call with a key changes something and gets the longer time.
        """
        if account == self._access.own_account:
            return await self._send({}, request, params, idempotency_key)
        credential, asked = await self._keyring.of(account), (request, params, idempotency_key)
        try:
            answer = await self._send(_named(account, credential), *asked)
        except Exception as refusal:
            if refused_with(refusal) not in (KEY_REVOKED, DEAUTHORISED):
                raise
            newer = await self._renewed(account, credential)
            if newer is None:
                raise
            return await self._send(_named(account, newer), *asked)
        if credential.refused:
            await self._changed(account, credential, refused=False)
        return answer

    async def _renewed(self, account: str, refused: Credential) -> Credential | None:
        """The key that the merchant has pasted since ours was read, if they did. Who is not let in
        has done nothing: the request may be sent again under the same idempotency key."""
        self._keyring.forget(account)
        newer = await self._keyring.of(account)
        if newer.key != refused.key:
            return newer
        if not refused.refused:
            await self._changed(account, refused, refused=True)
        return None

    async def _changed(self, account: str, credential: Credential, *, refused: bool) -> None:
        self._keyring.forget(account)
        await self._tell_refused(account, credential, refused)

    async def _send(
        self,
        named: Mapping[str, str],
        request: tuple[str, str],
        params: Mapping[str, Any],
        idempotency_key: str | None,
    ) -> str:
        client, (method, path) = await self.open(), request
        options: dict[str, Any] = {**params, **named}
        timeout_s = self._access.read_timeout_s
        if idempotency_key is not None:
            options["idempotency_key"] = idempotency_key
            timeout_s = self._access.charge_timeout_s
        async with asyncio.timeout(timeout_s):
            answer = await client.raw_request_async(method, path, **options)
        return str(answer.body)

    async def account_id(self) -> str:
        """The account that the key belongs to. Raises stripe's own errors."""
        client = await self.open()
        async with asyncio.timeout(self._access.read_timeout_s):
            account = await client.v1.accounts.retrieve_current_async()
        return str(account.id)

    async def close(self) -> None:
        """Hang up. A later call would open anew."""
        transport, self._client, self._transport = self._transport, None, None
        if transport is not None:
            await transport.hang_up()


def _named(account: str, credential: Credential) -> dict[str, str]:
    """The request's options. Source: docs.stripe.com/connect/authentication (Stripe-Account)."""
    named = {"stripe_account": account} if credential.names_account else {}
    return named if credential.key is None else {**named, "api_key": credential.key}
