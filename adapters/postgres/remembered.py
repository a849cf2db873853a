"""Answers that may be half a minute old: bounded, and dropped when they turn out wrong."""

import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

FRESH_S: Final = 30.0
MOST: Final = 10_000

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """The newest `most` answers, each for `fresh_s` seconds of the machine's own running time."""

    def __init__(
        self,
        fresh_s: float = FRESH_S,
        most: int = MOST,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fresh_s, self._most, self._now = fresh_s, most, now
        self._held: dict[K, tuple[float, V]] = {}  # oldest first

    def get(self, key: K) -> tuple[V] | None:
        """The answer, in a tuple since it may be None; None if it is not known or too old."""
        held = self._held.get(key)
        if held is None or self._now() - held[0] >= self._fresh_s:
            return None
        return (held[1],)

    def put(self, key: K, value: V) -> V:
        """Remember it instead of what was known, and of the oldest if there are too many."""
        self._held.pop(key, None)
        self._held[key] = (self._now(), value)
        if len(self._held) > self._most:
            del self._held[next(iter(self._held))]
        return value

    def forget(self, key: K) -> None:
        """Ask anew next time."""
        self._held.pop(key, None)
