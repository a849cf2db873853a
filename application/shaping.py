"""Spreading a burst: at 09:00 a thousand charges are due, and Stripe takes twenty a second."""

from collections.abc import Callable
from datetime import timedelta

from application.ports.conveyor import DueAction
from application.ports.stores import ActionRef

# A wait shorter than a dispatcher's round is no wait.
NEAR = timedelta(milliseconds=250)
MOST_REMEMBERED = 100_000


class Shaper:
    """Gives each account's actions their turn, in the order they come.

    An action sent away with a wait keeps its turn: when it comes back it goes at once. What is
    remembered may be lost at any time; then turns are given out anew.
    """

    def __init__(self, reserve: Callable[[str], float]) -> None:
        self._reserve = reserve  # the account's next turn: seconds from now
        self._promised: set[ActionRef] = set()

    def shape(
        self, due: tuple[DueAction, ...]
    ) -> tuple[tuple[ActionRef, ...], tuple[tuple[ActionRef, timedelta], ...]]:
        """Who goes now, and who waits how long."""
        ready: list[ActionRef] = []
        waits: list[tuple[ActionRef, timedelta]] = []
        for action in due:
            wait = self._wait(action)
            if wait <= NEAR:
                ready.append(action.ref)
            else:
                waits.append((action.ref, wait))
                self._promise(action.ref)
        return tuple(ready), tuple(waits)

    def _wait(self, action: DueAction) -> timedelta:
        if action.ref in self._promised:
            self._promised.discard(action.ref)
            return timedelta()
        return timedelta(seconds=self._reserve(action.account))

    def _promise(self, ref: ActionRef) -> None:
        if len(self._promised) >= MOST_REMEMBERED:
            self._promised.clear()
        self._promised.add(ref)
