"""The chase line: a case as a line in time that dips and, when all goes well, comes back.

Geometry only: where each point stands and which way the line goes. The same numbers are drawn small
in a row of the list and large on the case's page; `templates/_components/chase_line.html` draws.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from application.views import CaseRow
from domain.recovery.actions import ActionKind
from domain.recovery.case import Mark, MarkKind
from domain.recovery.transitions import Phase

# Heights as shares of the drawing: 0 is the top, where money flows.
WELL: Final = 0.0
FIRST_DIP: Final = 0.62
LATER_DIP: Final = 0.14
DEEPEST: Final = 1.0
LIFT: Final = 0.16  # a new card is hope
# Widths as shares: the line comes in from the left before anything has failed.
LEAD: Final = 0.05
TAIL: Final = 0.02
SLOPE: Final = 0.028  # how much width one fall or rise takes
SAME_MOMENT: Final = timedelta(hours=1)


class Point(Struct, frozen=True, gc=False):
    """One mark; `x` and `y` are shares of the drawing."""

    x: float
    y: float
    kind: MarkKind
    at: datetime


class Ahead(Struct, frozen=True, gc=False):
    """Something that is planned."""

    x: float
    kind: ActionKind
    at: datetime
    number: int


class Span(Struct, frozen=True, gc=False):
    """The stretch of time that the drawing shows."""

    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        """Where an instant stands, kept inside the drawing."""
        share = (at - self.start) / (self.end - self.start)
        return LEAD + min(max(share, 0.0), 1.0) * (1 - LEAD - TAIL)


class ChaseLine(Struct, frozen=True, gc=False):
    """A case, ready to be drawn. Paths are lists of (x, y) in shares, joined by soft steps."""

    span: Span
    points: tuple[Point, ...]
    ahead: tuple[Ahead, ...]
    past: tuple[tuple[float, float], ...]
    level: float  # where the line stands now
    now: float | None  # None once the case is closed
    back: float | None  # from where on the money flows again
    end: float  # where the case ends, or ended


def chase_line(
    row: CaseRow, now: datetime, planned: Sequence[tuple[ActionKind, datetime, int]] = ()
) -> ChaseLine:
    """The line of a case; `planned` adds what is ahead beside the one next action."""
    marks = sorted(row.marks, key=_at)
    span = _span(row, marks, now)
    points = _points(marks, span)
    is_open = row.closed_at is None
    level = points[-1].y if points else FIRST_DIP
    here = span.x(now) if is_open else None
    path = [(0.0, WELL), *((p.x, p.y) for p in points)]
    paid = row.phase is Phase.RECOVERED
    end = span.x(row.closed_at or row.closes_at)
    if here is not None:
        path.append((here, level))
    elif not paid:
        path.append((end, level))
    return ChaseLine(
        span=span,
        points=points,
        ahead=_ahead(row, span, planned) if is_open else (),
        past=tuple(path),
        level=level,
        now=here,
        back=points[-1].x if paid and points else None,
        end=end,
    )


def path_of(steps: Iterable[tuple[float, float]], width: float, height: float, top: float) -> str:
    """An SVG path through `steps`: level, then a soft fall or rise just before each change."""
    drawn: list[str] = []
    px = py = 0.0
    soft = SLOPE * width
    for sx, sy in steps:
        x, y = sx * width, top + sy * height
        if not drawn:
            drawn.append(f"M{x:.1f} {y:.1f}")
        elif y == py:
            drawn.append(f"H{x:.1f}")
        else:
            bend = min(soft, x - px)
            middle = x - bend / 2
            drawn.append(
                f"H{x - bend:.1f}C{middle:.1f} {py:.1f} {middle:.1f} {y:.1f} {x:.1f} {y:.1f}"
            )
        px, py = x, y
    return "".join(drawn)


def _at(mark: Mark) -> datetime:
    return mark.at


def _span(row: CaseRow, marks: Sequence[Mark], now: datetime) -> Span:
    start = min(marks[0].at, row.opened_at) if marks else row.opened_at
    ends = [row.closes_at, start + timedelta(hours=1)]
    if marks:
        ends.append(marks[-1].at)
    if row.closed_at is None:
        ends.append(now)
    return Span(start, max(ends))


def _points(marks: Sequence[Mark], span: Span) -> tuple[Point, ...]:
    points: list[Point] = []
    y = WELL
    for at, mark in enumerate(marks):
        if mark.kind is MarkKind.TRIED and _answered(marks, at):
            continue
        y = _level(y, mark.kind)
        points.append(Point(span.x(mark.at), y, mark.kind, mark.at))
    return tuple(points)


def _answered(marks: Sequence[Mark], at: int) -> bool:
    """A try and its answer seconds later are one point: the answer."""
    after = marks[at + 1] if at + 1 < len(marks) else None
    answers = (MarkKind.FAILED, MarkKind.PAID)
    return after is not None and after.kind in answers and after.at - marks[at].at < SAME_MOMENT


def _level(y: float, kind: MarkKind) -> float:
    match kind:
        case MarkKind.FAILED:
            return FIRST_DIP if y < FIRST_DIP - LIFT else min(y + LATER_DIP, DEEPEST)
        case MarkKind.CUSTOMER:
            return max(y - LIFT, FIRST_DIP - LIFT)
        case MarkKind.PAID:
            return WELL
        case _:
            return y


def _ahead(
    row: CaseRow, span: Span, planned: Sequence[tuple[ActionKind, datetime, int]]
) -> tuple[Ahead, ...]:
    known = {(kind, at): number for kind, at, number in planned}
    if row.next is not None:
        known[row.next.kind, row.next.due_at] = row.next.number
    return tuple(
        Ahead(span.x(at), kind, at, number)
        for (kind, at), number in sorted(known.items(), key=lambda item: item[0][1])
        if kind is not ActionKind.CLOSE
    )
