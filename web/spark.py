"""The chase line in a row of the list: 132 x 28 pixels, one path for each kind of mark."""

from datetime import datetime
from typing import Final

from markupsafe import Markup

from application.views import CaseRow
from domain.recovery.case import MarkKind
from web.chase_line import WELL, ChaseLine, chase_line, path_of
from web.wording.phases import PHASES

WIDTH: Final = 132
HEIGHT: Final = 28
TOP: Final = 5.0
DEPTH: Final = 18.0


def spark(row: CaseRow, now: datetime) -> Markup:
    """The small drawing. Hidden from screen readers: the row's words say the same."""
    line, tone = chase_line(row, now), PHASES[row.phase].tone
    return Markup(  # noqa: S704  (numbers and names of ours)
        f'<svg class="chase spark {tone}" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f"{_future(line)}"
        f'<path class="past" d="{path_of(line.past, WIDTH, DEPTH, TOP)}"/>'
        f"{_back(line)}{_marks(line)}</svg>"
    )


def _future(line: ChaseLine) -> str:
    if line.now is None:
        return ""
    y = TOP + line.level * DEPTH
    drawn = f'<path class="future" d="M{line.now * WIDTH:.1f} {y:.1f}H{line.end * WIDTH:.1f}"/>'
    if not line.ahead:
        return drawn
    dots = "".join(f"M{a.x * WIDTH:.1f} {y:.1f}h0" for a in line.ahead)
    return f'{drawn}<path class="ahead" d="{dots}"/><path class="ahead-in" d="{dots}"/>'


def _back(line: ChaseLine) -> str:
    if line.back is None:
        return ""
    y = TOP + WELL * DEPTH
    return f'<path class="back" d="M{line.back * WIDTH:.1f} {y:.1f}H{WIDTH}"/>'


def _marks(line: ChaseLine) -> str:
    paths: dict[MarkKind, str] = {}
    for point in line.points:
        x, y = point.x * WIDTH, TOP + point.y * DEPTH
        stroke = "v0" if point.kind is not MarkKind.ENDED else "m0 -4v8"
        if point.kind is MarkKind.WROTE:
            stroke = "m0 -3.5v7"
        paths[point.kind] = paths.get(point.kind, "") + f"M{x:.1f} {y:.1f}{stroke}"
    return "".join(f'<path class="at-{kind}" d="{d}"/>' for kind, d in paths.items())
