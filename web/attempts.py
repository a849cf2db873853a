"""How often somebody may try a password or a link. Kept in this process: a second line, behind
argon2id and behind tokens of 256 bits."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from litestar import Request
from litestar.exceptions import TooManyRequestsException

from web.parts import WebParts

WINDOW_S: Final = 300.0
MOST_KEYS: Final = 10_000
WRONG_LINKS: Final = 10  # from one address, in five minutes; after that each takes a second
SLOWED_S: Final = 1.0
MOST_SLOWED: Final = 100  # at once; more are turned away


class AttemptLimiter:
    """Counts tries per key in a sliding window; forgets the least recent key when it is full."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._now = monotonic
        self._tries: OrderedDict[tuple[str, ...], deque[float]] = OrderedDict()

    def wait_s(self, key: tuple[str, ...], most: int) -> float:
        """Seconds until another try is allowed; 0.0 means now, and counts it."""
        now = self._now()
        tries = self._tries.setdefault(key, deque())
        self._tries.move_to_end(key)
        while tries and tries[0] <= now - WINDOW_S:
            tries.popleft()
        if len(tries) >= most:
            return tries[0] + WINDOW_S - now
        tries.append(now)
        if len(self._tries) > MOST_KEYS:
            self._tries.popitem(last=False)
        return 0.0

    def forget(self, key: tuple[str, ...]) -> None:
        """After a try that was right: people who know their password are not slowed down."""
        self._tries.pop(key, None)

    @property
    def keys(self) -> int:
        """How many keys are remembered."""
        return len(self._tries)


@dataclass(slots=True)
class WrongLinks:
    """Wrong links are answered slowly where many come from one address. Right ones never are: the
    neighbour behind the same router has done nothing."""

    limiter: AttemptLimiter
    sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep
    slowed: int = 0

    async def one_more(self, address: str) -> None:
        """Take note, and take time. Raises TooManyRequestsException."""
        if self.limiter.wait_s((address,), WRONG_LINKS) <= 0:
            return
        if self.slowed >= MOST_SLOWED:
            raise TooManyRequestsException(headers={"Retry-After": "60"})
        self.slowed += 1
        try:
            await self.sleep(SLOWED_S)
        finally:
            self.slowed -= 1


def address_of(request: Request[Any, Any, Any], parts: WebParts) -> str:
    """The visitor's address: from the proxy's header if one is trusted, else the connection's."""
    if parts.address_header:
        return request.headers.get(parts.address_header, "")[:64]
    return request.client.host if request.client else ""
