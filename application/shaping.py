"""Spreading a burst: at 09:00 a thousand charges are due, and Stripe takes twenty a second."""

from datetime import timedelta

from application.ports.conveyor import DueAction
from application.ports.stores import ActionRef

# Due within this time counts as now: finer than a dispatcher's round.
NEAR = timedelta(milliseconds=250)
MOST_REMEMBERED = 100_000


class Shaper:
    """Gives each account's actions their turn, `per_second` apart, in the order they come.

    An action sent away with a wait keeps its turn: when it comes back it goes at once. What is
    remembered may be lost at any time; then turns are given out anew.
    """

    def __init__(self, per_second: float) -> None:
        self._step = 1 / per_second
        self._free_at: dict[str, float] = {}
        self._promised: set[ActionRef] = set()

    def shape(
        self, due: tuple[DueAction, ...], now_s: float
    ) -> tuple[tuple[ActionRef, ...], tuple[tuple[ActionRef, timedelta], ...]]:
        """Who goes now, and who waits how long. `now_s` is monotonic, in seconds."""
        ready: list[ActionRef] = []
        waits: list[tuple[ActionRef, timedelta]] = []
        for action in due:
            wait = self._wait(action, now_s)
            if wait <= NEAR:
                ready.append(action.ref)
            else:
                waits.append((action.ref, wait))
                self._promise(action.ref)
        return tuple(ready), tuple(waits)

    def _wait(self, action: DueAction, now_s: float) -> timedelta:
        if action.ref in self._promised:
            self._promised.discard(action.ref)
            return timedelta()
        turn = max(now_s, self._free_at.get(action.account, 0.0))
        self._free_at[action.account] = turn + self._step
        return timedelta(seconds=turn - now_s)

    def _promise(self, ref: ActionRef) -> None:
        if len(self._promised) >= MOST_REMEMBERED:
            self._promised.clear()
        self._promised.add(ref)
