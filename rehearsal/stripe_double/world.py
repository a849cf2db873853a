"""The world one double plays: its documents, its clock, its due work and its ledger of effects."""

import heapq
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from msgspec import Struct

from rehearsal.clock import RehearsalClock
from rehearsal.stripe_double.store import Document, Store

ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
DAY_S: Final = 86_400


class Cause(Struct, frozen=True):
    """Who made it happen: `api`, `stripe_retry` or `hosted_page`, and by which request."""

    by: str
    request_id: str | None = None
    idempotency_key: str | None = None


SCHEDULE: Final = Cause("stripe_retry")
HOSTED: Final = Cause("hosted_page")


class World:
    """State and time. All changes are synchronous: no await can come between two of them."""

    def __init__(self, store: Store, clock: RehearsalClock, seed: int) -> None:
        self.store = store
        self.clock = clock
        self.seed = seed
        self.quiet = False  # while seeding: what happened before the rehearsal tells nobody
        self.noted: list[Document] = []  # ledger lines of the call that is being executed
        self.on_event: list[Callable[[Document], None]] = []
        self.on_due: dict[str, Callable[[str], None]] = {}
        self.woken: Callable[[], None] = lambda: None
        self.skew: Callable[[], float] = lambda: 0.0  # by how much this Stripe's clock is wrong
        self._frozen: float | None = None
        self._due: list[tuple[float, int, str, str]] = []
        self._pushed = 0
        self.meta = store.get("meta", "meta") or store.insert(
            {"object": "meta", "id": "meta", "_account": "", "ids": 0}
        )

    def now(self) -> int:
        """The virtual instant in whole unix seconds, as Stripe stamps things."""
        return int(self.seconds())

    def seconds(self) -> float:
        """The virtual instant in unix seconds, by this Stripe's own clock."""
        return self.true_seconds() + self.skew() if self._frozen is None else self._frozen

    def true_seconds(self) -> float:
        """The virtual instant as everybody else has it."""
        return self.clock.seconds_at(time.time())

    def moment(self) -> datetime:
        """The virtual instant, aware and in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def freeze(self, virtual: float | None) -> None:
        """Hold the clock at an instant while stepping through due work; None lets it run again."""
        self._frozen = virtual

    def new_id(self, prefix: str, length: int = 24) -> str:
        """The next id; the same seed and the same history give the same ids."""
        self.meta["ids"] += 1
        digest = blake2b(f"{self.seed}:{self.meta['ids']}".encode(), digest_size=length).digest()
        self.store.touch(self.meta)
        return prefix + "".join(ALPHABET[byte % 62] for byte in digest)

    def at(self, due: float, kind: str, key: str) -> None:
        """Have the handler of `kind` called with `key` once virtual time reaches `due`."""
        self._pushed += 1
        heapq.heappush(self._due, (due, self._pushed, kind, key))
        if self._due[0][1] == self._pushed:
            self.woken()

    def next_due(self) -> float | None:
        """The virtual instant of the earliest due work."""
        return self._due[0][0] if self._due else None

    def run_due(self, until: float, limit: int = 20) -> int:
        """Do what is due by `until`, in order, at most `limit` things; answers how many."""
        done = 0
        while done < limit and self._due and self._due[0][0] <= until:
            _, _, kind, key = heapq.heappop(self._due)
            self.on_due[kind](key)
            done += 1
        return done

    def catch_up(self) -> int:
        """Do what the past has left due, each at its own instant; answers how many things."""
        done, until = 0, self.seconds()
        try:
            while (due := self.next_due()) is not None and due <= until:
                self._frozen = due
                done += self.run_due(due, limit=1)
        finally:
            self._frozen = None
        return done

    def step_to(self, target: float) -> int:
        """Walk to the true instant `target`, doing all due work on the way at its own instant."""
        done, until = 0, target + self.skew()
        try:
            while (due := self.next_due()) is not None and due <= until:
                self._frozen = max(self.seconds(), due)
                done += self.run_due(due, limit=1)
        finally:
            self._frozen = None
        self.clock = self.clock.moved(time.time(), target)
        self.woken()
        return done


def visible(document: Document) -> dict[str, Any]:
    """The document without what is the double's own."""
    return {key: value for key, value in document.items() if key[0] != "_"}
