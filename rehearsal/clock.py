"""A virtual clock several processes agree on without talking: a line of pieces over wall time."""

import time
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

import msgspec
from msgspec import Struct

MAX_LEGS: Final = 100


class ClockSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """At wall instant `wall` the virtual time is `virtual`; then each leg runs at its own speed.

    A leg is [virtual seconds per wall second, wall seconds it lasts]; null lasts for ever.
    After the last leg the clock goes on at that leg's speed.
    """

    wall: float
    virtual: float
    legs: tuple[tuple[float, float | None], ...] = ((1.0, None),)


class InvalidClock(ValueError):
    """The specification is not a clock: no leg, a negative speed, an endless leg before the end."""


class _Piece(Struct, frozen=True):
    """From wall instant `wall` on, virtual time is `virtual` plus `speed` times what passed."""

    wall: float
    virtual: float
    speed: float


class RehearsalClock:
    """Reads the same virtual instant in every process that was given the same specification."""

    def __init__(self, spec: ClockSpec) -> None:
        self._spec = spec
        self._pieces = _pieces(spec)

    @classmethod
    def parse(cls, text: str) -> "RehearsalClock":
        """Read a JSON specification; raises InvalidClock when it is none."""
        try:
            return cls(msgspec.json.decode(text, type=ClockSpec))
        except msgspec.MsgspecError as error:
            raise InvalidClock(f"not a clock: {error}") from error

    @classmethod
    def starting(
        cls, virtual: datetime, *legs: tuple[float, float | None], wall: float | None = None
    ) -> "RehearsalClock":
        """A clock that stands at `virtual` now (or at `wall`) and then runs through `legs`."""
        begin = time.time() if wall is None else wall
        return cls(ClockSpec(begin, virtual.timestamp(), legs or ((1.0, None),)))

    def now(self) -> datetime:
        """The virtual instant, aware and in UTC."""
        return self.at(time.time())

    def at(self, wall: float) -> datetime:
        """The virtual instant at a wall instant in unix seconds."""
        return datetime.fromtimestamp(self.seconds_at(wall), UTC)

    def seconds_at(self, wall: float) -> float:
        """The virtual instant at a wall instant, both in unix seconds."""
        piece = self._piece_at(wall)
        return piece.virtual + (wall - piece.wall) * piece.speed

    def speed_at(self, wall: float) -> float:
        """Virtual seconds that pass in one wall second at that wall instant."""
        return self._piece_at(wall).speed

    def wall_of(self, virtual: datetime | float) -> float:
        """The first wall instant at which that virtual instant is reached; inf when it never is."""
        target = virtual.timestamp() if isinstance(virtual, datetime) else virtual
        for piece, following in pairwise(self._pieces):
            if target <= following.virtual:
                return _reach(piece, target)
        return _reach(self._pieces[-1], target)

    def spec(self) -> str:
        """The specification as JSON, to hand to another process."""
        return msgspec.json.encode(self._spec).decode()

    def moved(
        self, wall: float, virtual: float | None = None, speed: float | None = None
    ) -> "RehearsalClock":
        """The clock that from `wall` on stands at `virtual`; a speed given replaces all legs."""
        target = self.seconds_at(wall) if virtual is None else virtual
        legs = self._legs_left(wall) if speed is None else ((speed, None),)
        return RehearsalClock(ClockSpec(wall, target, legs))

    def _legs_left(self, wall: float) -> tuple[tuple[float, float | None], ...]:
        left: list[tuple[float, float | None]] = []
        begin = self._spec.wall
        for speed, lasts in self._spec.legs:
            end = float("inf") if lasts is None else begin + lasts
            if end > wall:
                left.append((speed, None if lasts is None else end - max(begin, wall)))
            begin = end
        return tuple(left) or ((self._pieces[-1].speed, None),)

    def _piece_at(self, wall: float) -> _Piece:
        for piece in reversed(self._pieces):
            if wall >= piece.wall:
                return piece
        return self._pieces[0]


def _pieces(spec: ClockSpec) -> tuple[_Piece, ...]:
    if not 1 <= len(spec.legs) <= MAX_LEGS:
        raise InvalidClock(f"a clock has between 1 and {MAX_LEGS} legs")
    pieces: list[_Piece] = []
    wall, virtual = spec.wall, spec.virtual
    for number, (speed, lasts) in enumerate(spec.legs, start=1):
        if speed < 0 or (lasts is not None and lasts < 0):
            raise InvalidClock("time neither runs backwards nor lasts less than nothing")
        if lasts is None and number < len(spec.legs):
            raise InvalidClock("only the last leg can last for ever")
        pieces.append(_Piece(wall, virtual, speed))
        wall, virtual = wall + (lasts or 0.0), virtual + speed * (lasts or 0.0)
    return tuple(pieces)


def _reach(piece: _Piece, target: float) -> float:
    if target <= piece.virtual:
        return piece.wall
    if piece.speed == 0:
        return float("inf")
    return piece.wall + (target - piece.virtual) / piece.speed
