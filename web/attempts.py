"""How often somebody may try a password. Kept in this process: a second line behind argon2id."""

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

WINDOW_S: Final = 300.0
MOST_KEYS: Final = 10_000


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
