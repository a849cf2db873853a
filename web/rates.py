"""How often programs may ask. Kept in this process: with several of them, each allows as much."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from litestar.exceptions import TooManyRequestsException
from msgspec import Struct

MOST_KEYS: Final = 10_000


class Rate(Struct, frozen=True):
    """So many at once, and so many a second on the long run."""

    at_once: float
    per_second: float


PER_API_KEY: Final = Rate(200, 100)
PER_ADDRESS_WITHOUT_KEY: Final = Rate(20, 1)  # keys that open nothing
PER_SNIPPET_ADDRESS: Final = Rate(30, 2)  # one household, one office
PER_SNIPPET_ORIGIN: Final = Rate(400, 200)  # all customers of one app


class Rates:
    """A bucket for each asker that fills by itself; forgets who has not asked for longest."""

    def __init__(self, rate: Rate, monotonic: Callable[[], float]) -> None:
        self._rate, self._now = rate, monotonic
        self._left: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()

    def wait_s(self, *asker: str) -> float:
        """Seconds until this one may ask again; 0.0 means now, and counts it."""
        now = self._now()
        left, since = self._left.pop(asker, (self._rate.at_once, now))
        left = min(self._rate.at_once, left + (now - since) * self._rate.per_second)
        allowed = left >= 1
        self._left[asker] = (left - 1 if allowed else left, now)
        if len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate.per_second

    def take(self, *asker: str) -> None:
        """Count one. Raises TooManyRequestsException, which says how long to wait."""
        wait_s = self.wait_s(*asker)
        if wait_s > 0:
            raise TooManyRequestsException(headers={"Retry-After": str(int(wait_s) + 1)})
