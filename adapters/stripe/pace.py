"""Staying under Stripe's rate limits before Stripe has to say so."""

import time
from collections.abc import Callable
from typing import Final

from msgspec import Struct

MOST_KEYS: Final = 10_000


class TokenBucket:
    """A steady rate per key with a small burst; tells how long to wait, never waits itself."""

    def __init__(
        self,
        per_second: float,
        *,
        burst: int | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gap_s = 1 / per_second
        self._burst_s = ((burst or max(1, int(per_second / 5))) - 1) * self._gap_s
        self._monotonic = monotonic
        self._free_at: dict[str, float] = {}

    def reserve(self, key: str) -> float:
        """Take the key's next token; the seconds until it may be used, 0 for at once."""
        now = self._monotonic()
        free_at = max(self._free_at.get(key, now), now - self._burst_s)
        if key not in self._free_at:
            self._forget_idle(now)
            free_at = now - self._burst_s
        self._free_at[key] = free_at + self._gap_s
        return max(0.0, free_at - now)

    def _forget_idle(self, now: float) -> None:
        """A key whose bucket is full again needs no memory."""
        if len(self._free_at) >= MOST_KEYS:
            full_before = now - self._burst_s
            self._free_at = {k: at for k, at in self._free_at.items() if at > full_before}


class RateLimits(Struct, frozen=True, kw_only=True):
    """Requests a second. Source: docs.stripe.com/rate-limits."""

    account_per_s: float
    endpoint_per_s: float = 25.0

    @classmethod
    def of_key(cls, api_key: str) -> "RateLimits":
        """100 a second and account in live mode, 25 in test mode."""
        live = api_key.startswith(("sk_live_", "rk_live_"))
        return cls(account_per_s=100.0 if live else 25.0)


class Pace:
    """Both limits at once: the account's, and that of each of its endpoints."""

    def __init__(self, limits: RateLimits, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._account = TokenBucket(limits.account_per_s, monotonic=monotonic)
        self._endpoint = TokenBucket(limits.endpoint_per_s, monotonic=monotonic)

    def reserve(self, account: str, endpoint: str) -> float:
        """Seconds until a request of `account` to `endpoint` may leave."""
        return max(self._account.reserve(account), self._endpoint.reserve(f"{account} {endpoint}"))
