"""A circuit breaker per far end: who does not answer is left alone for a while, then asked once."""

import time
from collections.abc import Callable
from typing import Final

from msgspec import Struct

MOST_ENDS: Final = 10_000


class Patience(Struct, frozen=True, kw_only=True):
    """After how many failures in a row nobody asks any more, and for how long.

    The pause doubles with each probe that fails too.
    """

    failures: int = 5
    pause_s: float = 5.0
    longest_pause_s: float = 60.0


class _Circuit(Struct):
    """One far end's: closed below the limit of failures, else open until `asked_again_at`."""

    failures: int = 0
    asked_again_at: float = 0.0
    pause_s: float = 0.0


class Breaker:
    """Tells whether to ask, and learns from what came of it. Whoever holds it says what a failure
    is: that nobody is there, not that the answer was no."""

    def __init__(
        self,
        patience: Patience | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._patience = patience or Patience()
        self._monotonic = monotonic
        self._circuits: dict[str, _Circuit] = {}

    def may_ask(self, end: str) -> bool:
        """False while the circuit is open. The first to ask after its pause is the probe: others
        wait for what it finds, at most one more pause."""
        circuit = self._circuits.get(end)
        if circuit is None or circuit.failures < self._patience.failures:
            return True
        now = self._monotonic()
        if now < circuit.asked_again_at:
            return False
        circuit.asked_again_at = now + circuit.pause_s
        return True

    def answered(self, end: str) -> None:
        """Somebody is there: the circuit closes."""
        self._circuits.pop(end, None)

    def failed(self, end: str) -> None:
        """Nobody is there."""
        if len(self._circuits) >= MOST_ENDS:
            self._circuits.clear()  # everybody is away, then: what is forgotten is soon learned
        circuit = self._circuits.setdefault(end, _Circuit())
        circuit.failures += 1
        if circuit.failures < self._patience.failures:
            return
        longer_s = 2 * circuit.pause_s or self._patience.pause_s
        circuit.pause_s = min(longer_s, self._patience.longest_pause_s)
        circuit.asked_again_at = self._monotonic() + circuit.pause_s
