"""The one way out to Stripe: a client per process, opened by the first call."""

import asyncio
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from adapters.stripe.breaker import Breaker, Patience
from adapters.stripe.pace import Pace, RateLimits

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


def _unobserved(_endpoint: str, _outcome: str, _seconds: float) -> None:
    """The default: nobody counts."""


class StripeConnection:
    """Lives on the event loop of its first call; imports `stripe` then and not before."""

    def __init__(self, access: StripeAccess, observe: "Observe" = _unobserved) -> None:
        self._access = access
        self._observe = observe
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
        cost as much as the call. Raises TimeoutError or stripe's errors.

        A call with a key changes something and gets the longer time.
        """
        client, (method, path) = await self.open(), request
        options = dict(params)
        if account != self._access.own_account:
            options["stripe_account"] = account
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
