"""Planted faults of the rehearsal's Twilio: which texts they meet, and what they do to them."""

from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

MOST: Final = 100

# A number is one of Twilio's codes, in the answer; `undelivered` answers yes and tells it later.
Effect = Literal[
    "429", "500_before", "500_after", "503", "hang_before", "hang_after", "reset_before",
    "reset_after", "401", "404", "html", "code", "undelivered",
]  # fmt: skip


class TextFault(Struct, frozen=True, forbid_unknown_fields=True):
    """What to do, to texts to `to` (None: to anybody), so often; hanging lasts `seconds`."""

    do: Effect
    code: int = 0
    to: str | None = None
    times: int | None = None
    seconds: float = 30.0


class TextFaults:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[TextFault] = []
        self._left: list[int | None] = []

    def replace(self, planted: Any) -> None:
        """Put these in the place of all others; raises MsgspecError on bad ones."""
        raw = planted if isinstance(planted, list) else [planted]
        self._faults = msgspec.convert(raw, list[TextFault])[:MOST]
        self._left = [fault.times for fault in self._faults]

    def draw(self, to: str) -> TextFault | None:
        """The first that strikes a text to this number, if any."""
        for index, fault in enumerate(self._faults):
            left = self._left[index]
            if fault.to not in {None, to} or left == 0:
                continue
            self._left[index] = None if left is None else left - 1
            return fault
        return None
