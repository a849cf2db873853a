"""Planted faults: which calls they meet and what they do to them."""

from fnmatch import fnmatch
from random import Random
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

MAX_FAULTS: Final = 100

Effect = Literal[
    "429", "500_before", "500_after_effect", "503", "timeout_before", "timeout_after_effect",
    "reset_before", "reset_after_effect", "slow_body", "truncated_json", "stale_read",
    "401_revoked", "delay", "clock_skew",
]  # fmt: skip
AFTER_EFFECT: Final = frozenset(
    """500_after_effect timeout_after_effect reset_after_effect slow_body truncated_json""".split()
)


class Match(Struct, frozen=True, forbid_unknown_fields=True):
    """Which calls: `path` with `*`, the `nth` matching one, or each with chance `p`."""

    method: str | None = None
    path: str | None = None
    account: str | None = None
    nth: int | None = None
    p: float = 1.0


class Fault(Struct, frozen=True, forbid_unknown_fields=True):
    """What to do: hang, dribble or lag for `seconds`, go on answering 429 for `burst_s`.

    `clock_skew` meets no call: while it is planted Stripe's clock, and whatever it stamps or signs,
    is `seconds` ahead, or behind where negative.
    """

    do: Effect
    match: Match = Match()
    seconds: float = 0.0
    burst_s: float = 0.0
    times: int | None = None


class Faults:
    """The faults in force, drawn from one seeded source."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._faults: tuple[Fault, ...] = ()
        self._seen: list[int] = []
        self._fired: list[int] = []
        self._burst_until: dict[str, float] = {}

    def replace(self, planted: Any) -> None:
        """Put these faults in the place of all others; raises MsgspecError on bad ones."""
        raw = planted if isinstance(planted, list) else [planted]
        self._faults = tuple(msgspec.convert(raw, list[Fault])[:MAX_FAULTS])
        self._seen = [0] * len(self._faults)
        self._fired = [0] * len(self._faults)
        self._burst_until.clear()

    def state(self) -> list[dict[str, Any]]:
        """The faults in force with how often each met a call and fired."""
        return [
            {**msgspec.to_builtins(fault), "seen": seen, "fired": fired}
            for fault, seen, fired in zip(self._faults, self._seen, self._fired, strict=True)
        ]

    def skew(self) -> float:
        """By how many seconds the clock is wrong."""
        return sum(fault.seconds for fault in self._faults if fault.do == "clock_skew")

    def draw(self, method: str, path: str, account: str, wall: float) -> Fault | None:
        """The first fault that strikes this call, if any."""
        if wall < self._burst_until.get(account, 0.0):
            return Fault("429")
        for number, fault in enumerate(self._faults):
            if fault.do == "clock_skew":
                continue
            if _meets(fault.match, method, path, account) and self._strikes(number, fault):
                self._fired[number] += 1
                if fault.do == "429" and fault.burst_s:
                    self._burst_until[account] = wall + fault.burst_s
                return fault
        return None

    def _strikes(self, number: int, fault: Fault) -> bool:
        self._seen[number] += 1
        if fault.times is not None and self._fired[number] >= fault.times:
            return False
        if fault.match.nth is not None:
            return self._seen[number] == fault.match.nth
        return self._random.random() < fault.match.p


def _meets(match: Match, method: str, path: str, account: str) -> bool:
    return (
        match.method in {None, method}
        and match.account in {None, account}
        and (match.path is None or fnmatch(path, match.path))
    )
