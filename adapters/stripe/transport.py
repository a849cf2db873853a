"""The wire under stripe-python: paced, observed, patient with 429, sparing who does not answer.

The only module that imports `stripe` and `aiohttp` when it is imported itself; it is imported when
the first call leaves, because a web process may never make one.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import aiohttp
import stripe
import structlog

from adapters.stripe.pace import Pace
from application.breaker import Breaker

Observe = Callable[[str, str, float], None]
"""Told of each request: endpoint (`invoices.pay`), outcome (see `_outcome`), seconds."""

CONNECT_TIMEOUT_S: Final = 5.0
BUSY_TRIES: Final = 2  # further tries after a 429
BUSY_WAIT_S: Final = 1.0  # all of them together
UNANSWERED: Final = frozenset({"timeout", "failed"})
PLAIN_VERBS: Final = {"GET": "read", "POST": "update", "DELETE": "delete"}

stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)  # it would log bodies, and with them names

_log = structlog.get_logger()


class Transport(stripe.AIOHTTPClient):
    """One HTTP session; bound to the event loop of its first request."""

    def __init__(self, pace: Pace, observe: Observe, breaker: Breaker | None = None) -> None:
        """Callers set the time for a whole call; only connecting has one of its own here."""
        super().__init__(timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S))
        self._pace = pace
        self._observe = observe
        self._breaker = breaker or Breaker()

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One request; after a 429 twice more with the same key, within about a second.

        A 429 is answered before Stripe looks at the idempotency key, so nothing has happened.
        Source: docs.stripe.com/error-low-level#idempotency.
        """
        left_s = BUSY_WAIT_S
        for tried in range(BUSY_TRIES + 1):
            answer = await self._once(method, url, headers, post_data)
            wait_s = _busy_wait(answer[2], tried)
            if answer[1] != 429 or tried == BUSY_TRIES or wait_s > left_s:
                break
            left_s -= wait_s
            await asyncio.sleep(wait_s)
        return answer

    async def hang_up(self) -> None:
        """Close what was opened; safe before the first request."""
        session: Any = self._cached_session
        if session is not None:
            await session.close()

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any
    ) -> tuple[bytes, int, Mapping[str, str]]:
        account, endpoint = caller_of(headers), endpoint_of(method, url)
        if not self._breaker.may_ask(account):
            self._observe(endpoint, "spared", 0.0)
            raise stripe.APIConnectionError("not asked: it is away")  # type: ignore[no-untyped-call]
        await asyncio.sleep(self._pace.reserve(account, endpoint))
        started, outcome, status, request_id = time.monotonic(), "timeout", 0, None
        try:
            body, status, answered = await super().request_async(method, url, headers, post_data)
            outcome, request_id = _outcome(status), answered.get("Request-Id")
        except stripe.APIConnectionError:
            outcome = "failed"
            raise
        except aiohttp.ClientError as error:  # while reading the body: the library lets it through
            outcome = "failed"
            self._handle_request_error(error)
        finally:
            seconds = time.monotonic() - started
            (self._breaker.failed if outcome in UNANSWERED else self._breaker.answered)(account)
            self._observe(endpoint, outcome, seconds)
            _log.info(
                "stripe_call",
                endpoint=endpoint,
                account=account,
                outcome=outcome,
                status=status,
                request_id=request_id,
                duration_ms=round(seconds * 1000, 1),
            )
        return body, status, answered


def caller_of(headers: Mapping[str, str]) -> str:
    """Whose limits a request counts against: the account it names, else that of its key, under a
    name that does not give the key away."""
    named = headers.get("Stripe-Account")
    return named or f"key_{sha256(headers.get('Authorization', '').encode()).hexdigest()[:12]}"


def endpoint_of(method: str, url: str) -> str:
    """The call's name without any id: POST …/v1/invoices/in_1/pay is `invoices.pay`."""
    if "/oauth/" in url:
        return f"oauth.{url.rsplit('/', 1)[-1]}"
    resource, *rest = url.split("?", 1)[0].split("/v1/", 1)[-1].split("/")
    return f"{resource}.{rest[1] if len(rest) > 1 else PLAIN_VERBS.get(method.upper(), method)}"


def _outcome(status: int) -> str:
    """One word for metrics: ok, declined, limited, refused or failed ("timeout" has no status)."""
    if status < 300:
        return "ok"
    named = {402: "declined", 429: "limited"}
    return named.get(status, "refused" if status < 500 else "failed")


def _busy_wait(headers: Mapping[str, str], tried: int) -> float:
    """Stripe's own wish if it named one, else 0.25 s and 0.5 s with some jitter."""
    wished = headers.get("Retry-After", "")
    if wished.isdecimal():
        return float(wished)
    jitter = random.uniform(0.8, 1.2)  # noqa: S311 (not a secret)
    return 0.25 * (1 << tried) * jitter
